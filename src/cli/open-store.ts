import { statSync } from "node:fs";
import { join } from "node:path";
import type { KVStore } from "../index.ts";
import { importDriver, importRedisDriver } from "./drivers.ts";
import { CliError, EXIT } from "./exit.ts";
import type { Place } from "./store-url.ts";

/** A store, and what ends its connection. */
export interface OpenStore {
  readonly store: KVStore;
  close(): Promise<void>;
}

/**
 * Opens a store; its driver is imported only now.
 *
 * @param create whether to make what it needs first, a folder or a table, if that is not there
 * @throws CliError if the driver is not installed, the folder of a `Disk` is a file, or is not there and is not to be made
 */
export async function openStore(place: Place, create: boolean): Promise<OpenStore> {
  switch (place.kind) {
    case "disk":
      return openDisk(place, create);
    case "redis":
      return openRedis(place);
    case "postgres":
      return openPostgres(place, create);
    case "s3":
      return openS3(place);
  }
}

type PlaceOf<K extends Place["kind"]> = Extract<Place, { kind: K }>;

async function openDisk({ folder }: PlaceOf<"disk">, create: boolean): Promise<OpenStore> {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new CliError(EXIT.trouble, `${JSON.stringify(folder)} is a file, not a folder.`, "Is the path right?");
  }
  // A Disk makes its folder; what only reads must not.
  if (!create && statSync(join(folder, "data.mdb"), { throwIfNoEntry: false }) === undefined) {
    throw new CliError(
      EXIT.no,
      `There is no store in ${JSON.stringify(folder)}.`,
      "Is --store right? `vkv init` makes a new store there.",
    );
  }
  const { Disk } = await import("../kv/disk.ts");
  const store = new Disk(folder);
  return { store, close: () => store.close() };
}

async function openRedis({ url, prefix }: PlaceOf<"redis">): Promise<OpenStore> {
  const { RedisStore } = await import("../kv/redis.ts");
  const driver = await importRedisDriver();
  const options = prefix === undefined ? {} : { prefix };
  if (driver.name === "redis") {
    const client = driver.createClient({ url, socket: { reconnectStrategy: false } });
    // What is said about a lost connection is said by the call that needs it, too.
    client.on("error", () => undefined);
    await client.connect();
    const close = async (): Promise<void> => client.destroy();
    return { store: new RedisStore(client, options), close };
  }
  const client = new driver.Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null, lazyConnect: true });
  client.on("error", () => undefined);
  await client.connect();
  return { store: new RedisStore(client, options), close: async () => client.disconnect() };
}

async function openPostgres({ url, table, schema }: PlaceOf<"postgres">, create: boolean): Promise<OpenStore> {
  const { PostgresStore } = await import("../kv/postgres.ts");
  const { Pool } = (await importDriver("pg", () => import("pg"))).default;
  const pool = new Pool({ connectionString: url });
  pool.on("error", () => undefined);
  const options = { ...(table !== undefined && { table }), ...(schema !== undefined && { schema }) };
  const close = (): Promise<void> => pool.end();
  try {
    return { store: create ? await PostgresStore.create(pool, options) : new PostgresStore(pool, options), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openS3({ bucket, prefix, endpoint, region }: PlaceOf<"s3">): Promise<OpenStore> {
  const { S3Store } = await import("../kv/s3.ts");
  const { S3 } = await importDriver("@aws-sdk/client-s3", () => import("@aws-sdk/client-s3"));
  // Services other than Amazon's often have no host name for each bucket.
  const client = new S3({
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(region !== undefined && { region }),
  });
  const store = new S3Store(client, { bucket, ...(prefix !== undefined && { prefix }) });
  return { store, close: async () => client.destroy() };
}
