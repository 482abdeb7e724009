/** What every store on a server must pass, whichever it is. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runConformance } from "../../conformance/run.ts";
import { versionedModelProperty } from "../../model/property.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { remoteFactory } from "./factory.ts";
import { connectTo, type Place, type Remote } from "./open.ts";
import { runWriters, type WritersOutcome } from "./writers.ts";

/** A server that runs. */
export interface RemoteServer {
  readonly place: Place;
  /** Ends it in the middle of whatever it does, and starts it again after so many ms. */
  crash(pause: number): Promise<void>;
  stop(): Promise<unknown>;
}

/** How much to test. */
export interface Extent {
  /** Runs of the property. */
  readonly runs: number;
  readonly writers: number;
  /** How long writers write in each test, in ms. */
  readonly time: number;
}

/** The conformance suite, and the versioned layer on it against the plain model. */
export function storeTests(name: string, start: () => Promise<RemoteServer>, { runs }: Pick<Extent, "runs">): void {
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
    runConformance(name, factory);

    it("does what the model does", () => versionedModelProperty(() => factory.create(), { numRuns: runs, steps: 20 }));
  });
}

/** Writers in several processes with a collector beside them: undisturbed, and with each kind of trouble. The server must lose nothing that it acknowledged. */
export function writersTests(name: string, start: () => Promise<RemoteServer>, { writers, time }: Extent): void {
  describe(`${name}, with several processes and a collector`, () => {
    let server: RemoteServer;
    const proxies = new Map<number, TcpProxy>();
    beforeAll(async () => {
      server = await start();
      for (const port of server.place.ports) proxies.set(port, await TcpProxy.start(port));
    });
    afterAll(async () => {
      await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
      await server.stop();
    });
    /** Where writers connect: through the proxies. */
    const place = (): Place => ({
      ...server.place,
      detours: Object.fromEntries([...proxies].map(([port, proxy]) => [port, proxy.port])),
    });
    const run = async (what: string, trouble?: (isOver: () => boolean) => Promise<void>): Promise<WritersOutcome> => {
      const outcome = await runWriters({ place: place(), name: what, writers, time, ...(trouble ? { trouble } : {}) });
      console.log(name, what, outcome);
      expect(outcome.wrong).toEqual([]);
      expect(outcome.acknowledged).toBeGreaterThan(0);
      return outcome;
    };

    it("counts exactly", async () => {
      const { collections, failed } = await run("undisturbed");
      // A collector that is faster than the writers takes unpublished work: then they are told.
      expect(Object.keys(failed).filter((code) => code !== "VKV_SESSION_COLLECTED")).toEqual([]);
      expect(collections).toBeGreaterThan(0);
    });

    it("counts exactly when the server is far away", async () => {
      for (const proxy of proxies.values()) proxy.latency = 10;
      try {
        await run("slow");
      } finally {
        for (const proxy of proxies.values()) proxy.latency = 0;
      }
    });

    it("keeps what was acknowledged when connections are cut", async () => {
      const { failed } = await run("cut", async (isOver) => {
        while (!isOver()) {
          await sleep(50 + Math.random() * 150);
          for (const proxy of proxies.values()) proxy.cut();
        }
      });
      expect(Object.keys(failed).length).toBeGreaterThan(0);
    });

    it("keeps what was acknowledged when the server is killed", async () => {
      await run("killed", async (isOver) => {
        while (!isOver()) {
          await sleep(300 + Math.random() * 300);
          await server.crash(Math.random() * 100);
        }
      });
    });
  });
}
