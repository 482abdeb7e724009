/** What every store on a server must pass, whichever it is. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConformanceCase } from "../../../src/conformance/case.ts";
import { runConformance } from "../../conformance/run.ts";
import { versionedModelProperty } from "../../model/property.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { remoteFactory } from "./factory.ts";
import { connectTo, type Remote } from "./open.ts";
import type { RemoteServer } from "./server.ts";
import { runWriters } from "./writers.ts";

/** The conformance suite, and the versioned layer on it against the plain model, in so many runs. */
export function storeTests(
  name: string,
  start: () => Promise<RemoteServer>,
  numRuns: number,
  chosen?: (test: ConformanceCase) => boolean,
): void {
  describe(name, () => {
    let server: RemoteServer;
    let connections: readonly [Remote, Remote];
    beforeAll(async () => {
      server = await start();
      connections = [await connectTo(server.place), await connectTo(server.place)];
    });
    afterAll(async () => {
      await Promise.all(connections.map(async (each) => each.close()));
      await server.stop();
    });
    const factory = remoteFactory(() => connections);
    runConformance(name, factory, chosen);

    it("does what the model does", () => versionedModelProperty(() => factory.create(), { numRuns, steps: 20 }));
  });
}

/** What goes wrong while writers write. */
type Trouble = (troubled: {
  server: RemoteServer;
  proxies: readonly TcpProxy[];
  isOver: () => boolean;
}) => Promise<void>;

const TROUBLES = {
  nothing: async () => {},
  "a server far away": async ({ proxies, isOver }) => {
    for (const proxy of proxies) proxy.latency = 10;
    while (!isOver()) await sleep(20);
    for (const proxy of proxies) proxy.latency = 0;
  },
  "cut connections": async ({ proxies, isOver }) => {
    while (!isOver()) {
      await sleep(100 + Math.random() * 300);
      for (const proxy of proxies) proxy.cut();
    }
  },
  "a killed server": async ({ server, isOver }) => {
    while (!isOver()) {
      await sleep(300 + Math.random() * 500);
      await server.crash(Math.random() * 100);
    }
  },
  everything: async (troubled) => {
    await Promise.all([
      TROUBLES["a server far away"](troubled),
      TROUBLES["cut connections"](troubled),
      TROUBLES["a killed server"](troubled),
    ]);
  },
} satisfies Record<string, Trouble>;

/** How much writers are tested. */
export interface WritersExtent {
  readonly writers: number;
  /** How long they write in each test at least, in ms. */
  readonly time: number;
  readonly troubles?: readonly (keyof typeof TROUBLES)[];
}

/** Writers in several processes with a collector beside them. The server must lose nothing that it acknowledged. */
export function writersTests(name: string, start: () => Promise<RemoteServer>, extent: WritersExtent): void {
  const { writers, time, troubles = Object.keys(TROUBLES) as (keyof typeof TROUBLES)[] } = extent;
  describe(`${name}, with ${writers} processes and a collector`, () => {
    let server: RemoteServer;
    let proxies: readonly TcpProxy[];
    beforeAll(async () => {
      server = await start();
      proxies = await Promise.all(server.place.ports.map((port) => TcpProxy.start(port)));
    });
    afterAll(async () => {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await server.stop();
    });

    it.each(troubles)(
      "keeps what was acknowledged, and nothing else, through %s",
      async (trouble) => {
        const detours = Object.fromEntries(server.place.ports.map((port, i) => [port, proxies[i]?.port ?? 0]));
        const outcome = await runWriters({
          place: { ...server.place, detours },
          name: trouble,
          writers,
          time,
          steps: 5 * writers,
          trouble: (isOver) => TROUBLES[trouble]({ server, proxies, isOver }),
        });
        console.log(name, trouble, outcome);
        expect(outcome.wrong).toEqual([]);
        expect(outcome.acknowledged).toBeGreaterThanOrEqual(5 * writers);
        // A collector that is faster than a writer may take its unpublished work.
        const failures = Object.keys(outcome.failed).filter((code) => code !== "VKV_SESSION_COLLECTED");
        if (trouble === "nothing" || trouble === "a server far away") expect(failures).toEqual([]);
        if (trouble === "nothing") expect(outcome.collections).toBeGreaterThan(0);
      },
      180_000,
    );
  });
}
