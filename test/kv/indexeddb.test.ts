import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conformance } from "../../src/conformance/index.ts";
import { versionedModelProperty } from "../model/property.ts";
import { Browser, hasChromium } from "../support/browser.ts";
import { lacks } from "../support/needs.ts";
import { node } from "../support/run.ts";
import { bundlePage } from "./browser/bundle.ts";
import { PageStore } from "./browser/page-store.ts";
import { writeInTabs } from "./browser/writers.ts";

describe.skipIf(lacks("Chromium", hasChromium()))("IndexedDBStore in Chromium", () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await Browser.start(await bundlePage());
    page = await browser.open();
  });
  afterAll(() => browser.stop());

  describe("the conformance suite", () => {
    it.each(conformance.map(({ topic, name }) => [topic, name]))("%s: %s", async (_, name) => {
      expect(await page.evaluate((each) => vkv.runCase(each, false), name)).toBeUndefined();
    });
  });

  it("does what the model does", async () => {
    let count = 0;
    await versionedModelProperty(() => new PageStore(page, `model ${count++}`), { numRuns: 1, steps: 10 });
  });

  it("keeps what was acknowledged to the writers of several tabs, beside a collector", async () => {
    const outcome = await writeInTabs(browser, { name: "written", writers: 3, time: 1500 });
    expect(outcome.wrong).toEqual([]);
    expect(outcome.acknowledged).toBeGreaterThan(0);
    expect(outcome.collections).toBeGreaterThan(0);
  });

  it("says when there is no room left", async () => {
    // On a host of its own: for one that was written to a moment ago, the browser does not look at the quota.
    const full = await browser.open("full.vkv.test");
    const session = await full.context().newCDPSession(full);
    await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(full.url()).origin, quotaSize: 1_000_000 });
    const outcome = await full.evaluate(() => {
      // The browser compresses values.
      const random = Uint8Array.from({ length: 5_000_000 }, () => Math.random() * 256);
      return vkv.outcome(() => vkv.store("full").createMany({ k: new Uint8Array([1]), l: random }));
    });
    expect(outcome).toBe("VKV_STORAGE: The browser has no room left for this site's data.");
    expect(await full.evaluate(() => vkv.store("full").has("k"))).toBe(false);
    await full.close();
  });

  it("gives the same commit ids as Node", async () => {
    const { stdout } = await node(["test/support/smoke.mjs"]);
    expect(await page.evaluate(() => vkv.tour())).toBe(stdout.trim());
  });

  it("loses no increment of two tabs", async () => {
    const tabs = [page, await browser.open()];
    await Promise.all(tabs.map((tab) => tab.evaluate(() => vkv.raise("raced", 100))));
    expect(await page.evaluate(async () => [...((await vkv.store("raced").get("count")) ?? [])])).toEqual([
      0, 0, 0, 0, 0, 0, 0, 200,
    ]);
    await tabs[1]?.close();
  });

  it("lets go of a database that another tab deletes, and says so", async () => {
    const other = await browser.open();
    await other.evaluate(() => vkv.store("deleted").set("k", new Uint8Array([1])));
    await page.evaluate(() => vkv.remove("deleted"));
    const outcome = await other.evaluate(() => vkv.outcome(() => vkv.store("deleted").get("k")));
    expect(outcome).toBe(
      'VKV_STORAGE: The database "deleted" was deleted or changed by another tab: open the store again.',
    );
    await other.close();
  });

  it("ends every call when the user clears the site's data, and says why", async () => {
    const session = await page.context().newCDPSession(page);
    for (let round = 0; round < 4; round++) {
      const other = await browser.open("cleared.vkv.test");
      const isThere = other.waitForEvent("console");
      const outcomes = other.evaluate(async () => {
        const ended: string[] = [];
        while (ended.at(-1) === undefined || ended.at(-1) === "done") {
          ended.push(await vkv.outcome(() => vkv.store("cleared").set(`k${ended.length}`, new Uint8Array(1000))));
          if (ended.length === 1) console.log("The database is there.");
        }
        // The store may be told a moment later.
        do ended.push(await vkv.outcome(() => vkv.store("cleared").get("k")));
        while (/^(done$|VKV_STORAGE: IndexedDB failed: )/.test(ended.at(-1) ?? ""));
        return [...new Set(ended.slice(0, -1)), ended.at(-1) ?? ""];
      });
      // What is cleared before there is anything is not noticed.
      await isThere;
      await sleep(50 * round);
      await session.send("Storage.clearDataForOrigin", { origin: "https://cleared.vkv.test", storageTypes: "all" });
      const said = await outcomes;
      expect(said.at(-1)).toBe('VKV_STORAGE: The database "cleared" was closed by the browser: open the store again.');
      expect(said.filter((outcome) => !/^(done$|VKV_STORAGE: )/.test(outcome))).toEqual([]);
      await other.close();
    }
  });

  it("does what it was asked before it was closed", async () => {
    const ends = await page.evaluate(async () => {
      const outcomes: string[] = [];
      for (const isOpen of [false, true]) {
        const store = vkv.store(`closed ${isOpen}`);
        if (isOpen) await store.get("k");
        const calls = [store.set("k", new Uint8Array([1])), store.cas("l", new Uint8Array([1]), undefined)];
        await store.close();
        for (const call of [...calls, store.get("k")]) outcomes.push(await vkv.outcome(() => call));
      }
      return outcomes;
    });
    const each = ["done", "done", "VKV_STORE_CLOSED: The store is closed."];
    expect(ends).toEqual([...each, ...each]);
  });

  it("refuses a database of a later layout", async () => {
    const outcome = await page.evaluate(async () => {
      await new Promise((resolve) => {
        const request = indexedDB.open("later", 2);
        request.onsuccess = (): void => {
          request.result.close();
          resolve(undefined);
        };
      });
      return vkv.outcome(() => vkv.store("later").get("k"));
    });
    expect(outcome).toMatch(/^VKV_STORAGE: IndexedDB failed: VersionError/);
  });
});
