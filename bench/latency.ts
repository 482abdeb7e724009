/**
 * What the server's distance costs: operations on a Redis, a PostgreSQL and an S3 server behind a proxy that makes each
 * round trip longer by 1 ms and by 20 ms. Prints the table of docs/backends.md. `npm run build && npx tsx bench/latency.ts`
 */
import type { KVStore } from "../src/kv/store.ts";
import { Versioned } from "../src/versioned/versioned.ts";
import { connectTo } from "../test/kv/remote/open.ts";
import { startPostgres } from "../test/kv/remote/postgres.ts";
import { startRedis } from "../test/kv/remote/redis.ts";
import { startS3 } from "../test/kv/remote/s3.ts";
import type { RemoteServer } from "../test/kv/remote/server.ts";
import { CountingStore } from "../test/support/counting-store.ts";
import { TcpProxy } from "../test/support/tcp-proxy.ts";

const KEYS = 100_000;
const COMMITS = 100;
const DELAYS = [1, 20];
const REPEATS = 5;

const keyOf = (i: number): string => `user/${String(i).padStart(8, "0")}`;
const bytesOf = (i: number, version: number): Uint8Array => {
  const bytes = new Uint8Array(100).fill(i);
  new DataView(bytes.buffer).setUint32(0, version);
  return bytes;
};

/** A branch opened with cold caches, on a new store object. */
type Open = () => Promise<Versioned>;

/** What is measured: what is prepared first, and the operation. `turn`: a number that comes once. */
type Operation = (open: Open, store: KVStore, turn: number) => Promise<() => Promise<unknown>>;

const some = Array.from({ length: 100 }, (_, i) => keyOf(i * (KEYS / 100)));

const OPERATIONS: Readonly<Record<string, Operation>> = {
  "open a branch": async (_open, store) => () => Versioned.open(store, { create: false }),
  get: async (open) => {
    const v = await open();
    return () => v.get(keyOf(4711));
  },
  "`getMany` of 100 keys": async (open) => {
    const v = await open();
    return () => v.getMany(some);
  },
  "snapshot of one key that was read": async (open, _store, turn) => {
    const v = await open();
    await v.get(keyOf(turn));
    return () => v.snapshot({ [keyOf(turn)]: bytesOf(turn, turn) });
  },
  "merge, fast-forward": async (open, _store, turn) => {
    const v = await open();
    await v.snapshot({ [keyOf(turn)]: bytesOf(turn, turn) });
    return () => v.merge();
  },
  "merge, three-way, one key on each side": async (open, _store, turn) => {
    const [ours, theirs] = [await open(), await open()];
    await ours.snapshot({ [keyOf(turn)]: bytesOf(turn, turn) });
    await theirs.snapshot({ [keyOf(KEYS - 1 - turn)]: bytesOf(turn, turn) });
    await theirs.merge();
    return () => ours.merge();
  },
  "history of 100 commits": async (open) => {
    const v = await open();
    return async () => {
      for await (const _ of v.history({ limit: COMMITS }));
    };
  },
  "diff, 100 keys changed": async (open, _store, turn) => {
    const v = await open();
    const base = v.currentCommit;
    const changed = await v.snapshot(some.map((key, i) => [key, bytesOf(i, turn)] as const));
    await v.merge();
    const cold = await open();
    return () => cold.diff(base, changed);
  },
  "scan of 1,000 keys": async (open) => {
    const v = await open();
    return async () => {
      for await (const _ of v.entries({ prefix: "user/000", limit: 1000 }));
    };
  },
  "list branches": async (open) => {
    const v = await open();
    return () => v.listBranches();
  },
};

async function fill(store: KVStore): Promise<void> {
  const v = await Versioned.open(store);
  await v.snapshot(Array.from({ length: KEYS }, (_, i) => [keyOf(i), bytesOf(i, 0)] as const));
  for (let i = 0; i < COMMITS; i++) await v.snapshot({ [keyOf(i)]: bytesOf(i, 1) });
  await v.merge();
}

interface Row {
  /** How many round trips it took; several numbers, if that differed. */
  readonly trips: Set<number>;
  /** For each delay, the median time in ms. */
  readonly times: number[];
}

async function measure(server: RemoteServer): Promise<Map<string, Row>> {
  const [port = 0] = server.place.ports;
  const proxy = await TcpProxy.start(port);
  const remote = await connectTo({ ...server.place, detours: { [port]: proxy.port } });
  const store = await remote.open("bench");
  await fill(store);
  // A pool opens as many connections as it may, and a server gets to know the scripts.
  await Promise.all(Array.from({ length: 20 }, async (_, i) => store.cas(`warm ${i}`, undefined, undefined)));
  const rows = new Map<string, Row>();
  let turn = 2;
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const row: Row = { trips: new Set(), times: [] };
    const counting = new CountingStore(store);
    // Views of it with caches of their own.
    const view = (): KVStore => new CountingStore(counting);
    const counted = await operation(() => Versioned.open(view(), { create: false }), view(), turn++);
    counting.reset();
    await counted();
    row.trips.add(counting.roundTrips);
    for (const delay of DELAYS) {
      const times: number[] = [];
      for (let i = 0; i < REPEATS; i++) {
        const open: Open = async () => Versioned.open(await remote.open("bench"), { create: false });
        const work = await operation(open, await remote.open("bench"), turn++);
        proxy.latency = delay;
        const start = performance.now();
        await work();
        times.push(performance.now() - start);
        proxy.latency = 0;
      }
      row.times.push(times.sort((a, b) => a - b)[REPEATS >> 1] ?? 0);
    }
    rows.set(name, row);
  }
  await remote.close();
  await proxy.stop();
  await server.stop();
  return rows;
}

const servers: readonly (readonly [name: string, rows: Map<string, Row>])[] = [
  ["Redis", await measure(await startRedis("redis 6", false))],
  ["PostgreSQL", await measure(await startPostgres("pg 8", false))],
  ["S3 (versitygw)", await measure(await startS3("versitygw"))],
];
console.log(`| operation | round trips | ${servers.map(([name]) => `${name}, +1 ms | +20 ms`).join(" | ")} |`);
console.log(`|---|---|${servers.map(() => "---|---").join("|")}|`);
for (const name of Object.keys(OPERATIONS)) {
  const rows = servers.map(([, all]) => all.get(name));
  const trips = new Set(rows.flatMap((row) => [...(row?.trips ?? [])]));
  const times = rows.flatMap((row) => row?.times.map((time) => time.toFixed(0)) ?? []);
  console.log(`| ${name} | ${[...trips].join(" or ")} | ${times.join(" | ")} |`);
}
