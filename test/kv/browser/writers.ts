/** Writers in several tabs at once, beside a collector, in a browser that may be killed meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { Browser } from "../../support/browser.ts";
import type { PageProgram, Told } from "./page.ts";

declare global {
  var vkv: PageProgram;
}

/** What came of it. */
export interface TabsOutcome {
  readonly acknowledged: number;
  readonly failed: number;
  readonly collections: number;
  /** What is not as it must be: nothing, if all is well. */
  readonly wrong: readonly string[];
}

/**
 * Lets them write for so many ms, and compares what they were told with what the store holds.
 *
 * @param killAfter kills the browser after so many ms of writing, and starts it again
 */
export async function writeInTabs(
  browser: Browser,
  { name, writers, time, killAfter }: { name: string; writers: number; time: number; killAfter?: number },
): Promise<TabsOutcome> {
  const told: Told[] = [];
  let collections = 0;
  const tabs: Page[] = [];
  for (let i = 0; i <= writers; i++) {
    const tab = await browser.open();
    await tab.exposeFunction("tell", (line: Told) => void told.push(line));
    tabs.push(tab);
  }
  const session = `w${Date.now()}`;
  const [collector, ...others] = tabs;
  const work = [
    (async (): Promise<void> => {
      collections = (await collector?.evaluate((at) => vkv.collect(at.name, at.time), { name, time })) ?? 0;
    })(),
    ...others.map((tab, i) =>
      tab.evaluate((at) => vkv.write(at.name, at.writer, at.time), { name, writer: `${session}/${i}`, time }),
    ),
  ];
  if (killAfter === undefined) {
    await Promise.all(work);
    await Promise.all(tabs.map((tab) => tab.close()));
  } else {
    const ended = Promise.allSettled(work);
    await sleep(killAfter);
    await browser.kill();
    await ended;
    await browser.restart();
  }

  const page = await browser.open();
  const { keys, count, problems } = await page.evaluate((store) => vkv.contents(store), name);
  await page.close();
  const stored = new Set(keys.filter((key) => key.startsWith(session)));
  const done = told.flatMap((line) => ("done" in line ? [line.done] : []));
  const failed = told.flatMap((line) => ("failed" in line ? [line] : []));
  const wrong = [
    ...problems,
    ...done.filter((key) => !stored.has(key)).map((key) => `${key} was acknowledged, and is not there`),
    // Each step sets a key and counts, at once.
    ...(count === keys.length ? [] : [`the counter is ${count}, with ${keys.length} keys`]),
    ...failed.filter(({ code }) => code !== "VKV_SESSION_COLLECTED").map(({ failed: key, code }) => `${key}: ${code}`),
  ];
  return { acknowledged: done.length, failed: failed.length, collections, wrong };
}
