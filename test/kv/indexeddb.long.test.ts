import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conformance } from "../../src/conformance/index.ts";
import { versionedModelProperty } from "../model/property.ts";
import { Browser, hasChromium } from "../support/browser.ts";
import { lacks } from "../support/needs.ts";
import { bundlePage } from "./browser/bundle.ts";
import { PageStore } from "./browser/page-store.ts";
import { writeInTabs } from "./browser/writers.ts";

describe.skipIf(lacks("Chromium", hasChromium()))("IndexedDBStore in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await Browser.start(await bundlePage());
  });
  afterAll(() => browser.stop());

  it("passes the conformance suite with writes that wait for the disk, in a second tab too", async () => {
    const page = await browser.open();
    const wrong: string[] = [];
    for (const { name } of conformance) {
      const found = await page.evaluate((each) => vkv.runCase(each, true), name);
      if (found !== undefined) wrong.push(`${name}: ${found}`);
    }
    expect(wrong).toEqual([]);
    await page.close();
  });

  it("does what the model does", async () => {
    const page = await browser.open();
    let count = 0;
    await versionedModelProperty(() => new PageStore(page, `model ${count++}`), { numRuns: 10, steps: 20 });
    await page.close();
  });

  it("keeps what was acknowledged to the writers of several tabs, beside a collector", async () => {
    const outcome = await writeInTabs(browser, { name: "undisturbed", writers: 6, time: 15_000 });
    console.log("undisturbed", outcome);
    expect(outcome.wrong).toEqual([]);
    expect(outcome.acknowledged).toBeGreaterThan(0);
  });

  it("keeps what was acknowledged when the browser is killed", async () => {
    let acknowledged = 0;
    for (let round = 0; round < 10; round++) {
      const killAfter = 500 + Math.random() * 2500;
      const outcome = await writeInTabs(browser, { name: "killed", writers: 3, time: 20_000, killAfter });
      console.log(round, outcome);
      expect(outcome.wrong).toEqual([]);
      acknowledged += outcome.acknowledged;
    }
    expect(acknowledged).toBeGreaterThan(0);
  });
});
