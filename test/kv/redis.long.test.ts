import { describe } from "vitest";
import { lacks } from "../support/needs.ts";
import { hasRedis } from "../support/redis-server.ts";
import { startRedis, startRedisCluster } from "./remote/redis.ts";
import { REDIS_DRIVERS } from "./remote/redis-clients.ts";
import { storeTests, writersTests } from "./remote/suite.ts";

describe.skipIf(lacks("redis-server", hasRedis()))("RedisStore", () => {
  for (const driver of REDIS_DRIVERS) {
    // The oldest versions meet all that may go wrong at once only.
    const extent = driver.endsWith(" 6") ? {} : { troubles: ["everything"] as const };
    for (const [place, start] of [
      ["one server", startRedis],
      ["a cluster", startRedisCluster],
    ] as const) {
      storeTests(`${driver}, ${place}`, () => start(driver, false), 20);
      writersTests(`${driver}, ${place}`, () => start(driver, true), { writers: 6, time: 5000, ...extent });
    }
  }
});
