/** Opens stores on servers: in tests, in the processes that these start, and in measurements. */
import { S3Store } from "../../../src/kv/s3.ts";
import type { KVStore } from "../../../src/kv/store.ts";
import { BUCKET, connectS3 } from "./s3-client.ts";

/** Where a store is, as it can be told to another process. */
export interface Place {
  readonly driver: "s3";
  /** One port, or those of a cluster. */
  readonly ports: readonly number[];
  /** Other ports to connect to instead. */
  readonly detours?: Readonly<Record<number, number>>;
}

/** A connection that stores can be opened on. */
export interface Remote {
  /** The store over the data of this name, which is there from then on. */
  open(name: string): Promise<KVStore>;
  close(): Promise<unknown> | unknown;
}

/** Connects to a server. */
export async function connectTo({ ports, detours = {} }: Place): Promise<Remote> {
  const [port = 0] = ports;
  const client = connectS3(detours[port] ?? port);
  return {
    open: async (name) => new S3Store(client, { bucket: BUCKET, prefix: name.replaceAll(" ", "-") }),
    close: () => client.destroy(),
  };
}
