import { describe } from "vitest";
import { lacks } from "../support/needs.ts";
import { hasRedis } from "../support/redis-server.ts";
import { startRedis, startRedisCluster } from "./remote/redis.ts";
import { REDIS_DRIVERS } from "./remote/redis-clients.ts";
import { storeTests, writersTests } from "./remote/suite.ts";

describe.skipIf(lacks("redis-server", hasRedis()))("RedisStore", () => {
  for (const driver of REDIS_DRIVERS) {
    storeTests(`${driver}, one server`, () => startRedis(driver, false), 20);
    storeTests(`${driver}, a cluster`, () => startRedisCluster(driver, false), 20);
    writersTests(`${driver}, one server`, () => startRedis(driver, true), { writers: 6, time: 8000 });
    writersTests(`${driver}, a cluster`, () => startRedisCluster(driver, true), { writers: 6, time: 8000 });
  }
});
