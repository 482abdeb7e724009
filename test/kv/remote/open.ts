/** Opens stores on servers: in tests, in the processes that these start, and in measurements. */

import { RedisStore } from "../../../src/kv/redis.ts";
import type { KVStore } from "../../../src/kv/store.ts";
import { connectRedis, type RedisDriver } from "./redis-clients.ts";

/** Where a store is, as it can be told to another process. */
export interface Place {
  readonly driver: RedisDriver;
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
export async function connectTo(place: Place): Promise<Remote> {
  const { client, close } = await connectRedis(place.driver, place.ports, place.detours);
  return { open: async (name) => new RedisStore(client, { prefix: name }), close };
}
