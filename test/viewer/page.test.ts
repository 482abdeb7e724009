import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Memory, Versioned } from "vkv";
import { serveViewer, type Viewer } from "../../src/viewer/serve.ts";
import { Browser, hasChromium } from "../support/browser.ts";
import { lacks } from "../support/needs.ts";
import { fillSampleStore, HOSTILE } from "./sample-store.ts";

describe.skipIf(lacks("Chromium", hasChromium()))("the viewer's page", () => {
  const store = new Memory();
  const wrong: string[] = [];
  let browser: Browser;
  let viewer: Viewer;
  let page: Page;
  beforeAll(async () => {
    await fillSampleStore(store);
    viewer = await serveViewer(store, { write: true });
    browser = await Browser.start();
    page = await browser.visit(viewer.url, { width: 1200, height: 700 });
    page.setDefaultTimeout(10_000);
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(String(error)));
  });
  afterAll(async () => {
    await browser.stop();
    await viewer.close();
  });

  const visit = async (hash: string): Promise<void> => {
    await page.goto(viewer.url + hash);
  };
  const shown = async (place: Locator): Promise<string> => (await place.allInnerTexts()).join("|");
  const text = (selector: string): Promise<string[]> => page.locator(selector).allInnerTexts();

  it("shows the commits with their branches and tags", async () => {
    await visit("");
    await page.locator("a.commit").first().waitFor();
    expect(await page.locator("a.commit").count()).toBe(10);
    for (const name of ["main", "redesign", "search", "v1.0.0", "v1.1.0"]) {
      await page.locator(".label", { hasText: name }).waitFor();
    }
    await expect.poll(() => page.locator("svg.lines path").count()).toBeGreaterThan(15);
  });

  it("goes by keyboard through the list, into a commit, and back", async () => {
    await visit("#/graph");
    await page.locator("a.commit").first().waitFor();
    for (const key of ["j", "j", "ArrowDown", "k"]) await page.keyboard.press(key);
    expect(await shown(page.locator(":focus"))).toBe((await text("a.commit"))[1]);
    await page.keyboard.press("End");
    expect(await shown(page.locator(":focus"))).toBe((await text("a.commit")).at(-1));
    for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.locator(".change .key", { hasText: "pages/home.md" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Commits" }).waitFor();
  });

  it("shows a merge against each of its parents", async () => {
    const main = await Versioned.open(store);
    await visit(`#/commit?at=${await main.resolveCommit("v1.1.0")}`);
    await page.locator(".change").first().waitFor();
    expect(await text(".change .key")).toEqual(["settings/search.json"]);
    await page.getByLabel("against").selectOption({ index: 1 });
    await page.locator(".change .key", { hasText: "pages/home.md" }).waitFor();
    expect(await text(".change .key")).toEqual(["pages/home.md"]);
    expect(await shown(page.locator(".info"))).toContain('"message": "Merge search"');
  });

  it("browses keys by prefix, and shows a value as JSON, text and bytes", async () => {
    await visit("#/keys?at=main");
    await page.getByRole("link", { name: "settings/" }).click();
    await page.getByRole("link", { name: "big-number.json" }).click();
    await page.locator(".pre").waitFor();
    await expect.poll(() => shown(page.locator(".pre"))).toBe('{\n  "id": 12345678901234567890,\n  "id": 2\n}');
    await page.getByRole("button", { name: "hex" }).click();
    await expect.poll(() => shown(page.locator(".pre"))).toContain("00000000  7b 22 69 64");
    await visit("#/keys?at=main&key=data%2Fempty");
    await page.getByText("The value is empty.").waitFor();
    await visit("#/keys?at=main&key=data%2Fnone");
    await page.getByText("This commit has no such key.").waitFor();
  });

  it("reads a branch again when it is told to", async () => {
    await visit("#/keys?at=search&prefix=settings%2F&key=settings%2Fsearch.json");
    await page.getByText('"limit": 50').waitFor();
    const search = await Versioned.open(store, { branch: "search" });
    const before = search.currentCommit;
    await search.snapshot({ "settings/new.json": new Uint8Array(1), "settings/search.json": new Uint8Array(0) });
    await search.merge();
    await page.keyboard.press("r");
    await page.getByRole("link", { name: "new.json" }).waitFor();
    await page.getByText("The value is empty.").waitFor();
    await search.resetTo(before);
  });

  it("shows a few of the labels of a commit, and how many more there are, for the room there is", async () => {
    const main = await Versioned.open(store);
    const names = Array.from({ length: 20 }, (_, i) => `a-tag-with-a-long-name-${i}`);
    for (const name of names) await main.createTag(name);
    await visit("#/graph");
    await page.reload();
    const row = page.locator(".row.commit", { hasText: "a-tag-with-a-long-name-0" });
    await row.getByText("+18").waitFor();
    expect(await row.locator(".label:visible").allInnerTexts()).toHaveLength(3);
    await page.setViewportSize({ width: 360, height: 700 });
    await row.getByText("+20").waitFor();
    expect((await row.locator(".label:visible").allInnerTexts()).join()).toContain("main");
    await page.setViewportSize({ width: 1200, height: 700 });
    for (const name of names) await main.deleteTag(name);
    await page.reload();
  });

  it("shows images", async () => {
    await visit("#/keys?at=main&key=images%2Flogo.png");
    const width = await page
      .locator("img")
      .evaluate(async (image: { decode(): Promise<void>; naturalWidth: number }) => {
        await image.decode();
        return image.naturalWidth;
      });
    expect(width).toBe(96);
  });

  it("searches keys", async () => {
    await visit("#/graph");
    await page.locator("a.commit").first().waitFor();
    await page.keyboard.press("/");
    await page.locator("input.search:focus").waitFor();
    await page.keyboard.type("Profile");
    await page.getByText("4 keys found among").waitFor();
    expect(page.url()).toContain("q=Profile");
    expect((await text(".rows .key"))[0]).toBe("users/ann/profile.json");
  });

  it("compares two commits side by side", async () => {
    await visit("#/diff?a=main&b=redesign&key=pages%2Fhome.md");
    await page.locator(".differs").first().waitFor();
    expect(await text(".cell.removed .content")).toContain("# Welcome, and stay a while");
    expect(await text(".cell.added .content")).toContain("# Welcome to the new site");
    await page.locator(".changes .key", { hasText: "settings/theme.json" }).waitFor();
  });

  it("shows a key's history", async () => {
    await visit("#/history?at=main&key=settings%2Fsearch.json");
    await page.locator(".row.two").first().waitFor();
    await expect
      .poll(() => text(".row.two .start"))
      .toEqual(['{"engine":"full text","limit":50}', '{"engine":"titles","limit":20}', '{"engine":"none"}']);
  });

  it("shows hostile keys and values as the text that they are", async () => {
    await visit("#/keys?at=main&prefix=hostile%2F");
    await page.locator(".row.key").first().waitFor();
    const names = await text(".row.key");
    expect(names).toHaveLength(HOSTILE.length - 1);
    expect(names).toContain("<img src=x onerror=\"document.title='owned'\">");
    expect(names).toContain("\\u{202E}gnp.exe");
    expect(names).toContain("a\\nb\\tc\\0d");
    for (const [key] of HOSTILE) {
      await visit(`#/keys?${new URLSearchParams({ at: "main", key })}`);
      await page.locator(".value .pre").waitFor();
      await visit(`#/history?${new URLSearchParams({ at: "main", key })}`);
      await page.locator(".row.two").first().waitFor();
      expect(await page.title()).not.toContain("owned");
    }
    expect(await page.locator("body script, main svg:not(.lines), main img, main iframe").count()).toBe(0);
  });

  it("previews a merge, and merges when every conflict is decided", async () => {
    await visit("#/merge?into=main&from=redesign");
    await page.getByRole("heading", { name: "2 conflicts" }).waitFor();
    const merge = page.getByRole("button", { name: /^Merge/ });
    expect(await merge.isDisabled()).toBe(true);
    await page.locator(".conflict", { hasText: "home.md" }).getByRole("button", { name: "theirs" }).click();
    await expect.poll(() => shown(merge)).toBe("Merge: 1 to decide");
    await page.locator(".conflict", { hasText: "theme.json" }).getByRole("button", { name: "ours" }).click();
    await merge.click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Message").fill("From the page");
    await dialog.getByRole("button", { name: "Merge" }).click();
    await page.getByRole("heading", { name: /^Commit/ }).waitFor();
    expect(await (await Versioned.open(store)).commitInfo()).toEqual({ message: "From the page" });
  });

  it("creates a tag and deletes a branch, each after a question", async () => {
    const main = await Versioned.open(store);
    await visit(`#/commit?at=${main.currentCommit}`);
    await page.getByRole("button", { name: "New tag" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("v2");
    await page.keyboard.press("Enter");
    await page.locator(".label.tag", { hasText: "v2" }).waitFor();
    expect((await main.listTags()).get("v2")?.commit).toBe(main.currentCommit);

    await visit("#/refs");
    const row = page.locator(".ref", { hasText: "search" });
    await row.getByRole("button", { name: "Delete" }).click();
    await page.keyboard.press("Escape");
    expect(await main.listBranches()).toContain("search");
    await row.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
    expect(await main.listBranches()).toEqual(["main", "redesign"]);
  });

  it("says what went wrong", async () => {
    await visit("#/commit?at=none");
    await page.getByRole("alert").waitFor();
    expect(await shown(page.getByRole("alert"))).toContain("VKV_COMMIT_NOT_FOUND");
    await visit("#/keys?at=none");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await page.getByRole("alert").waitFor();
    expect(await shown(page.getByRole("alert"))).toContain('There is no commit "none".');
    // The browser itself reports refused requests.
    wrong.splice(0, wrong.length, ...wrong.filter((message) => !message.includes("status of 404")));
  });

  it("opens and closes its help", async () => {
    await visit("#/graph");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  it("broke no rule of its policy, and asked nobody else for anything", async () => {
    const origins = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin),
    );
    expect(new Set(origins)).toEqual(new Set([new URL(viewer.url).origin]));
    expect(wrong).toEqual([]);
  });
});
