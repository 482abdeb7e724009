import { describe } from "vitest";
import { lacks } from "../support/needs.ts";
import { hasRedis } from "../support/redis-server.ts";
import { startRedis, startRedisCluster } from "./remote/redis.ts";
import { storeTests, writersTests } from "./remote/suite.ts";

describe.skipIf(lacks("redis-server", hasRedis()))("RedisStore", () => {
  storeTests("redis 6, one server", () => startRedis("redis 6", false), { runs: 3 });
  storeTests("ioredis 6, a cluster", () => startRedisCluster("ioredis 6", false), { runs: 3 });
  writersTests("redis 6, one server", () => startRedis("redis 6", true), { runs: 0, writers: 3, time: 1500 });
});
