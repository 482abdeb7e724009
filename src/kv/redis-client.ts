/// <reference types="node" />
/**
 * The clients that `RedisStore` runs on, behind one way to send a command: `redis` (node-redis) and `ioredis`, on one
 * server or on a cluster. They are described by what is used of them, so that neither driver's types are needed.
 *
 * No command may be sent twice: of a compare-and-swap whose answer was lost, the second run would say "no" to what the
 * first one did. node-redis never does; ioredis does by default, and has an option against it that is asked for here.
 */
import { Buffer } from "node:buffer";
import { describe } from "../bytes.ts";
import { StorageError } from "../errors.ts";

/** A part of a command. Bytes must be in a `Buffer`: node-redis takes nothing else. */
export type Argument = string | Uint8Array;

/** Sends a command to one server. What is a string in Redis comes back as a `Buffer`. */
export type Send = (...command: Argument[]) => Promise<unknown>;

/** What is used of a client of the package `redis`, which `createClient` returns. */
export interface NodeRedisClient {
  /** Sends a command; its answer, with strings as `Buffer`s where `options` ask for that. */
  sendCommand(command: readonly (string | Uint8Array)[], options?: object): Promise<unknown>;
}

/** What is used of a cluster client of the package `redis`, which `createCluster` returns. */
export interface NodeRedisCluster {
  /** The servers that hold keys. */
  readonly masters: readonly object[];
  /** The client of one of them. */
  nodeClient(node: object): Promise<NodeRedisClient> | NodeRedisClient;
  /** Sends a command to the server that holds a key. */
  sendCommand(
    firstKey: string | Uint8Array | undefined,
    isReadonly: boolean | undefined,
    command: readonly (string | Uint8Array)[],
    options?: object,
  ): Promise<unknown>;
}

/** What is used of a `Redis` of the package `ioredis`. */
export interface IORedisClient {
  /** How it was made: whether it sends a command again, and what it puts before keys. */
  readonly options: {
    readonly maxRetriesPerRequest?: number | null | undefined;
    readonly keyPrefix?: string | undefined;
    readonly enableAutoPipelining?: boolean | undefined;
  };
  /** Sends a command; its answer, with strings as `Buffer`s. */
  callBuffer(...command: [name: string, ...args: (string | Uint8Array | number)[]]): Promise<unknown>;
}

/** What is used of a `Cluster` of the package `ioredis`. */
export interface IORedisCluster {
  /** How it was made: whether it sends a command again, where it reads, and what it puts before keys. */
  readonly options: {
    readonly retryDelayOnFailover?: number | undefined;
    readonly clusterNodeRetryStrategy?: unknown;
    readonly scaleReads?: unknown;
    readonly keyPrefix?: string | undefined;
    readonly enableAutoPipelining?: boolean | undefined;
  };
  /** The clients of the servers that hold keys. */
  nodes(role: "master"): readonly Pick<IORedisClient, "callBuffer">[];
  /** Sends a command to the server that holds its first key; its answer, with strings as `Buffer`s. */
  callBuffer(...command: [name: string, ...args: (string | Uint8Array | number)[]]): Promise<unknown>;
}

/** A client of the package `redis` or `ioredis`, for one server or a cluster. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | IORedisClient | IORedisCluster;

/** One server or a cluster. */
export interface Connection {
  /** Sends a command to the server that has `key`; never to a replica, and never twice. */
  send(key: string, ...command: Argument[]): Promise<unknown>;
  /** The servers that hold keys, once the connection is there. */
  servers(): Promise<Send[]>;
  readonly isCluster: boolean;
}

/** node-redis's number of RESP's type "bulk string" (`RESP_TYPES.BLOB_STRING`): without this mapping it decodes them as text. */
const AS_BUFFERS = { typeMapping: { 36: Buffer } };

/** The way to send commands through `client`. A `TypeError` if it is none, or has options that would break a promise of the store. */
export function connect(client: RedisClient): Connection {
  if (typeof client !== "object" || client === null) throw notClient(client);
  if ("callBuffer" in client) return "nodes" in client ? viaIORedisCluster(client) : viaIORedis(client);
  if (!("sendCommand" in client)) throw notClient(client);
  if ("getSentinelNode" in client) {
    throw new TypeError(
      "A RedisStore cannot use createSentinel's client, which has other calls: pass an ioredis client with { sentinels }.",
    );
  }
  return "masters" in client ? viaNodeRedisCluster(client) : viaNodeRedis(client);
}

function viaNodeRedis(client: NodeRedisClient): Connection {
  const send = nodeRedisSend(client);
  return { isCluster: false, send: (_key, ...command) => send(...command), servers: async () => [send] };
}

function viaNodeRedisCluster(cluster: NodeRedisCluster): Connection {
  return {
    isCluster: true,
    send: (key, ...command) => cluster.sendCommand(key, false, command, AS_BUFFERS),
    servers: () => Promise.all(cluster.masters.map(async (node) => nodeRedisSend(await cluster.nodeClient(node)))),
  };
}

function nodeRedisSend(client: NodeRedisClient): Send {
  return (...command) => client.sendCommand(command, AS_BUFFERS);
}

function viaIORedis(client: IORedisClient): Connection {
  if (client.options.maxRetriesPerRequest !== 0) throw resends("maxRetriesPerRequest: 0");
  checkIORedis(client.options);
  const send = ioredisSend(client);
  return { isCluster: false, send: (_key, ...command) => send(...command), servers: async () => [send] };
}

function viaIORedisCluster(cluster: IORedisCluster): Connection {
  const { clusterNodeRetryStrategy, retryDelayOnFailover, scaleReads } = cluster.options;
  if (retryDelayOnFailover !== 0) throw resends("retryDelayOnFailover: 0");
  if (typeof clusterNodeRetryStrategy === "function") throw resends("clusterNodeRetryStrategy: null");
  if (scaleReads !== undefined && scaleReads !== "master") {
    throw new TypeError(
      'A RedisStore must read from masters: create the cluster client with { scaleReads: "master" }.',
    );
  }
  checkIORedis(cluster.options);
  const send = ioredisSend(cluster);
  return {
    isCluster: true,
    send: (_key, ...command) => send(...command),
    servers: async () => {
      // Before it is connected, it knows no nodes, or only some.
      await send("exists", "");
      return cluster.nodes("master").map(ioredisSend);
    },
  };
}

function ioredisSend(client: Pick<IORedisClient, "callBuffer">): Send {
  return (name, ...args) => client.callBuffer(String(name), ...args);
}

/** Refuses what would change commands on their way. */
function checkIORedis({ keyPrefix, enableAutoPipelining }: IORedisClient["options"]): void {
  if (keyPrefix) throw new TypeError("A RedisStore has a prefix of its own: create the client without keyPrefix.");
  if (enableAutoPipelining) {
    throw new TypeError(
      "A RedisStore sends commands by name, which ioredis mixes up with enableAutoPipelining: create the client without it.",
    );
  }
}

function resends(option: string): TypeError {
  return new TypeError(
    `A RedisStore must not have a command sent twice: create the ioredis client with { ${option} }, or it sends again what lost its answer.`,
  );
}

function notClient(value: unknown): TypeError {
  return new TypeError(`A RedisStore needs a client of the package redis or ioredis, not ${describe(value)}.`);
}

/** All slots of a Redis cluster. */
const SLOTS = 16384;

/**
 * Which server has which slots, as each of them says; the same text before and after a listing means that no key has
 * moved meanwhile. A `StorageError` if slots are on the move, or not all belong to these servers.
 */
export async function slotsOf(servers: readonly Send[]): Promise<string> {
  const nodes = await Promise.all(servers.map(async (send) => String(await send("cluster", "nodes"))));
  const owned = nodes.map((text) => {
    const [id, , , , , , , , ...slots] =
      text
        .split("\n")
        .find((line) => line.includes("myself"))
        ?.split(" ") ?? [];
    return { id, slots };
  });
  let count = 0;
  for (const slot of owned.flatMap(({ slots }) => slots)) {
    const [first = Number.NaN, last = first] = slot.split("-").map(Number);
    count += last - first + 1;
  }
  if (count !== SLOTS) {
    throw new StorageError(
      "The slots of the cluster are being moved, or some have no server: its keys cannot be listed now.",
    );
  }
  return JSON.stringify(owned.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)));
}
