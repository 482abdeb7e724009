import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Memory, StorageError, Versioned } from "vkv";
import type {
  ChangePage,
  CommitDetails,
  GraphPage,
  HistoryPage,
  KeyPage,
  MergePreview,
  Refs,
  SearchPage,
  Value,
} from "../../src/viewer/protocol.ts";
import { serveViewer, type Viewer } from "../../src/viewer/serve.ts";
import { ask, order, read } from "./call.ts";
import { fillSampleStore, HOSTILE } from "./sample-store.ts";

let store: Memory;
let viewer: Viewer;
let api: string;
beforeAll(async () => {
  store = new Memory();
  await fillSampleStore(store);
  viewer = await serveViewer(store);
  api = `${viewer.url}api/`;
});
afterAll(() => viewer.close());

/** Everything that is in the store, to see that nothing changed. */
function contents(): string {
  return JSON.stringify([...store.memory].map(([key, value]) => [key, Buffer.from(value).toString("hex")]));
}

describe("who is let in", () => {
  it("needs the token, for everything", async () => {
    const { origin, pathname } = new URL(viewer.url);
    expect(pathname).toMatch(/^\/[\w-]{43}\/$/);
    const wrong = `/${"A".repeat(43)}/`;
    for (const path of ["/", wrong, pathname.slice(0, -2), `${wrong}api/refs`, "/page.js", "/api/refs"]) {
      expect.soft((await ask(origin + path)).status, path).toBe(403);
    }
    expect((await ask(viewer.url)).status).toBe(200);
    expect((await ask(`${api}refs`)).status).toBe(200);
  });

  it("has another token each time", async () => {
    const other = await serveViewer(store);
    expect(new URL(other.url).pathname).not.toBe(new URL(viewer.url).pathname);
    await other.close();
  });

  it("answers to its own address only, as a foreign name may lead to this machine", async () => {
    const { port } = new URL(viewer.url);
    const status = async (host: string): Promise<number> => (await ask(`${api}refs`, { headers: { host } })).status;
    expect(await status(`127.0.0.1:${port}`)).toBe(200);
    expect(await status(`localhost:${port}`)).toBe(200);
    for (const host of [`evil.test:${port}`, "127.0.0.1", "localhost:1", `127.0.0.1.evil.test:${port}`]) {
      expect.soft(await status(host), host).toBe(403);
    }
  });

  it("answers to no other page", async () => {
    for (const site of ["cross-site", "same-site"]) {
      expect((await ask(`${api}refs`, { headers: { "sec-fetch-site": site } })).status).toBe(403);
    }
    expect((await ask(`${api}refs`, { headers: { "sec-fetch-site": "same-origin" } })).status).toBe(200);
  });

  it("is not reached from other machines", async () => {
    const { hostname } = new URL(viewer.url);
    expect(hostname).toBe("127.0.0.1");
  });

  it("forbids the page all but what the viewer serves", async () => {
    for (const path of ["", "page.js", "api/refs", "nothing"]) {
      const { headers } = await ask(viewer.url + path);
      expect(headers["content-security-policy"]).toMatch(
        /^default-src 'none';.*require-trusted-types-for 'script'; trusted-types 'none'$/,
      );
      expect(headers["content-security-policy"]).not.toMatch(/unsafe|http|\*/);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "x-frame-options": "DENY",
      });
      expect(headers).not.toHaveProperty("access-control-allow-origin");
      expect(headers).not.toHaveProperty("set-cookie");
    }
  });

  it("serves its own files, and no others", async () => {
    for (const path of ["../package.json", "..%2f..%2fpackage.json", "page.js.map", "serve.js", "page/page.js"]) {
      expect.soft((await ask(viewer.url + path)).status, path).not.toBe(200);
    }
  });
});

describe("reading only", () => {
  it("refuses every order, and changes nothing", async () => {
    const before = contents();
    const { branches } = await read<Refs>(viewer.url, "refs");
    const commit = branches[0]?.commit;
    for (const [method, name] of [
      ["POST", "branch"],
      ["DELETE", "branch"],
      ["POST", "tag"],
      ["DELETE", "tag"],
      ["POST", "reset"],
      ["POST", "merge"],
    ] as const) {
      const body = {
        name: "main",
        branch: "main",
        commit,
        from: commit,
        to: commit,
        into: commit,
        choices: [],
        message: "",
      };
      expect.soft((await order(viewer.url, method, name, body)).status, `${method} ${name}`).toBe(403);
    }
    await read(viewer.url, "merge", { into: "main", from: "redesign" });
    expect(contents()).toBe(before);
  });

  it("creates nothing in an empty store", async () => {
    const empty = new Memory();
    const other = await serveViewer(empty);
    expect(await read<Refs>(other.url, "refs")).toEqual({ branches: [], tags: [], isWritable: false });
    expect((await ask(`${other.url}api/keys?at=main`)).status).toBe(404);
    await other.close();
    expect(empty.memory.size).toBe(0);
  });
});

describe("writing", () => {
  it("needs the page's own origin and header", async () => {
    const own = await writable();
    const body = JSON.stringify({ name: "stolen", commit: own.head });
    const { origin } = new URL(own.viewer.url);
    const good = { origin, "content-type": "application/json", "x-vkv-viewer": "1" };
    for (const headers of [
      { ...good, origin: "https://evil.test" },
      { ...good, origin: "null" },
      { "content-type": good["content-type"], "x-vkv-viewer": "1" },
      { origin, "content-type": "application/json" },
    ]) {
      expect((await ask(`${own.viewer.url}api/branch`, { method: "POST", headers, body })).status).toBe(403);
    }
    const form = { ...good, "content-type": "text/plain" };
    expect((await ask(`${own.viewer.url}api/branch`, { method: "POST", headers: form, body })).status).toBe(415);
    expect(await Versioned.branches(own.store)).toEqual(["main", "redesign", "search"]);
    expect((await ask(`${own.viewer.url}api/branch`, { method: "POST", headers: good, body })).status).toBe(200);
    expect(await Versioned.branches(own.store)).toContain("stolen");
    await own.viewer.close();
  });

  it("creates, resets and deletes branches and tags, from where the page saw them", async () => {
    const own = await writable();
    const v = await Versioned.open(own.store);
    const [parent = ""] = await v.parents(own.head);
    const send = async (method: string, name: string, body: object): Promise<number> =>
      (await order(own.viewer.url, method, name, body)).status;
    expect(await send("POST", "tag", { name: "t", commit: parent })).toBe(200);
    expect(await send("POST", "tag", { name: "t", commit: parent })).toBe(409);
    expect((await v.listTags()).get("t")?.commit).toBe(parent);
    expect(await send("DELETE", "tag", { name: "t", commit: own.head })).toBe(409);
    expect(await send("DELETE", "tag", { name: "t", commit: parent })).toBe(200);
    expect(await send("DELETE", "tag", { name: "t", commit: parent })).toBe(404);
    expect(await send("POST", "reset", { branch: "main", from: parent, to: parent })).toBe(409);
    expect(await send("POST", "reset", { branch: "main", from: own.head, to: parent })).toBe(200);
    expect(await v.latestHead()).toBe(parent);
    expect(await send("DELETE", "branch", { name: "main", commit: own.head })).toBe(409);
    expect(await send("DELETE", "branch", { name: "main", commit: parent })).toBe(200);
    expect(await v.listBranches()).toEqual(["redesign", "search"]);
    expect(await send("POST", "branch", { name: "a\nb", commit: own.head })).toBe(400);
    await own.viewer.close();
  });

  it("merges what was previewed, with a side for each conflict", async () => {
    const own = await writable();
    const { url } = own.viewer;
    const preview = await read<MergePreview>(url, "merge", { into: "main", from: "redesign" });
    expect(preview.conflicts.map(({ key }) => key)).toEqual(["pages/home.md", "settings/theme.json"]);
    expect(preview.carried).toEqual(["pages/colours.md"]);
    expect(preview.counts).toEqual({ conflicts: 2, carried: 1, ours: 1 });
    const body = { branch: "main", into: preview.into, from: preview.from, message: "by hand" };
    const half = [["pages/home.md", "theirs"]];
    expect((await order(url, "POST", "merge", { ...body, choices: half })).status).toBe(409);
    expect((await order(url, "POST", "merge", { ...body, choices: [["k", "both"]] })).status).toBe(400);
    const choices = [...half, ["settings/theme.json", "ours"]];
    expect((await order(url, "POST", "merge", { ...body, into: preview.from, choices })).status).toBe(409);
    expect((await order(url, "POST", "merge", { ...body, choices })).status).toBe(200);
    const main = await Versioned.open(own.store);
    expect(await main.commitInfo()).toEqual({ message: "by hand" });
    expect(await main.parents()).toEqual([preview.into, preview.from]);
    expect(Buffer.from((await main.get("settings/theme.json")) ?? []).toString()).toContain('"day"');
    expect(Buffer.from((await main.get("pages/home.md")) ?? []).toString()).toContain("the new site");
    await own.viewer.close();
  });
});

describe("what is read", () => {
  it("gives the graph in pages, each commit once and before its parents", async () => {
    const large = new Memory();
    const v = await Versioned.open(large);
    for (let i = 0; i < 130; i++) await v.snapshot({ n: new Uint8Array([i]) });
    await v.merge();
    const side = await v.createBranch("side", { at: (await v.history({ limit: 40 }).toArray())[39] ?? "" });
    for (let i = 0; i < 5; i++) await side.snapshot({ m: new Uint8Array([i]) });
    await side.merge();
    await v.mergeFrom("side");
    await v.merge();
    const other = await serveViewer(large);
    const heads = (await read<Refs>(other.url, "refs")).branches.map(({ commit }) => commit);
    const open = new Set(heads);
    const seen: string[] = [];
    for (let pages = 0; pages < 2; pages++) {
      const { body } = await order(other.url, "POST", "graph", { from: [...open] });
      for (const { id, parents } of (JSON.parse(body) as GraphPage).commits) {
        expect(open.delete(id)).toBe(true);
        expect(seen).not.toContain(id);
        for (const parent of parents) open.add(parent);
        for (const parent of parents) expect(seen).not.toContain(parent);
        seen.push(id);
      }
    }
    expect(open.size).toBe(0);
    expect(new Set(seen)).toEqual(new Set(await v.history({ allParents: true }).toArray()));
    await other.close();
  });

  it("shows where history was cut", async () => {
    const { retainHistory } = await import("vkv");
    const cut = new Memory();
    const v = await Versioned.open(cut);
    for (let i = 0; i < 20; i++) await v.snapshot({ n: new Uint8Array([i]) });
    await v.merge();
    await retainHistory(cut, { commits: 5 });
    const other = await serveViewer(cut);
    const { body } = await order(other.url, "POST", "graph", { from: [v.currentCommit] });
    const { commits } = JSON.parse(body) as GraphPage;
    const kept = await (await Versioned.open(cut)).history().toArray();
    expect(commits.map(({ id }) => id)).toEqual(kept);
    expect(commits.map(({ isCut }) => isCut)).toEqual(kept.map((_, i) => i === kept.length - 1));
    const { rows } = await read<HistoryPage>(other.url, "history", { at: "main", key: "n" });
    expect(rows.map(({ commit }) => commit.id)).toEqual(kept);
    expect(rows.map(({ commit }) => commit.isCut)).toEqual(kept.map((_, i) => i === kept.length - 1));
    await other.close();
  });

  it("gives a commit by its name or the beginning of its id", async () => {
    const byName = await read<CommitDetails>(viewer.url, "commit", { at: "main" });
    const byId = await read<CommitDetails>(viewer.url, "commit", { at: byName.id.slice(0, 10) });
    expect(byId).toEqual(byName);
    expect(JSON.parse(byName.fullInfo ?? "")).toEqual({ by: "dee", message: "Say who we are" });
  });

  it("gives keys as a tree, in pages", async () => {
    const root = await read<KeyPage>(viewer.url, "keys", { at: "main" });
    expect(root.rows.map(({ path }) => path)).toEqual([
      "data/",
      "hostile/",
      "images/",
      "pages/",
      "settings/",
      "users/",
    ]);
    expect(root.rows.every(({ isFolder }) => isFolder)).toBe(true);
    const users = await read<KeyPage>(viewer.url, "keys", { at: "main", prefix: "users/" });
    expect(users.rows.map(({ path }) => path)).toEqual(["users/ann/", "users/bob/", "users/cy/", "users/dee/"]);

    const wide = new Memory();
    const v = await Versioned.open(wide);
    const keys = Array.from({ length: 250 }, (_, i) => (i % 3 === 0 ? `f${i}/x/y` : `f${i}`));
    await v.snapshot(Object.fromEntries([...keys, "a//b", "a/", "a0", "/"].map((key) => [key, new Uint8Array(0)])));
    await v.merge();
    const other = await serveViewer(wide);
    const found: string[] = [];
    for (let next: string | undefined = ""; next !== undefined; ) {
      const page: KeyPage = await read(other.url, "keys", { at: "main", ...(next !== "" && { after: next }) });
      expect(page.rows.length).toBeLessThanOrEqual(100);
      found.push(...page.rows.map(({ path }) => path));
      next = page.next;
    }
    const expected = [...keys.map((key) => key.replace(/\/.*/, "/")), "a/", "a0", "/"].sort();
    expect(found).toEqual(expected);
    const inner = await read<KeyPage>(other.url, "keys", { at: "main", prefix: "a/" });
    expect(inner.rows).toEqual([
      { path: "a/", isFolder: false },
      { path: "a//", isFolder: true },
    ]);
    await other.close();
  });

  it("finds keys by a part of them, in whatever case", async () => {
    const { keys } = await read<SearchPage>(viewer.url, "search", { at: "main", text: "THEME" });
    expect(keys).toEqual(["settings/theme.json"]);
    const all = await read<SearchPage>(viewer.url, "search", { at: "main", text: "", prefix: "hostile/" });
    expect(new Set(all.keys)).toEqual(new Set(HOSTILE.map(([key]) => key)));
  });

  it("gives values and changes as data, hostile ones too", async () => {
    for (const [key, text] of HOSTILE) {
      const { found } = await read<Value>(viewer.url, "value", { at: "main", key });
      expect(found?.bytes).toBe(Buffer.byteLength(text));
      expect(found?.text ?? Buffer.from(found?.hex ?? "", "hex").toString()).toBe(text);
      const { headers, body } = await ask(`${api}raw?${new URLSearchParams({ at: "main", key })}`);
      expect(Buffer.from(body, "latin1").toString()).toBe(text);
      expect(headers["content-type"]).toBe("application/octet-stream");
      expect(headers["content-disposition"]).toMatch(/^attachment; filename="[\w.-]+"; filename\*=UTF-8''[\w.!~%-]+$/);
      expect((await ask(`${api}image?${new URLSearchParams({ at: "main", key })}`)).status).toBe(415);
    }
    const changes = await read<ChangePage>(viewer.url, "changes", { from: "v1.0.0", to: "v1.1.0" });
    expect(changes.rows.map(({ key, type }) => [key, type])).toEqual([
      ["pages/home.md", "modified"],
      ["settings/search.json", "modified"],
    ]);
  });

  it("names a download as the key ends, in any script", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    const keys = ["pages/Größe (1).txt", "図/😀", "folder/"];
    await v.snapshot(Object.fromEntries(keys.map((key) => [key, Uint8Array.of(1)])));
    await v.merge();
    const other = await serveViewer(store);
    const names = keys.map(async (key) => {
      const { headers } = await ask(`${other.url}api/raw?${new URLSearchParams({ at: "main", key })}`);
      return headers["content-disposition"];
    });
    expect(await Promise.all(names)).toEqual([
      `attachment; filename="Gr__e__1_.txt"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%281%29.txt`,
      `attachment; filename="__"; filename*=UTF-8''%F0%9F%98%80`,
      `attachment; filename="value"; filename*=UTF-8''value`,
    ]);
    await other.close();
  });

  it("serves images of known kinds only as such", async () => {
    const query = new URLSearchParams({ at: "main", key: "images/logo.png" });
    const { status, headers } = await ask(`${api}image?${query}`);
    expect([status, headers["content-type"]]).toEqual([200, "image/png"]);
    expect(headers["content-security-policy"]).toContain("sandbox");
  });

  it("gives a key's history", async () => {
    const { rows } = await read<HistoryPage>(viewer.url, "history", { at: "main", key: "settings/search.json" });
    expect(rows.map(({ commit }) => commit.info)).toEqual([
      "by: bob · message: Search in texts too",
      "by: bob · message: Index the titles",
      "by: ann · message: Import the site",
    ]);
  });

  it.each([
    ["GET", "keys", 400],
    ["GET", "keys?at=none", 404],
    ["GET", "keys?at=%00", 404],
    ["GET", "value?at=main", 400],
    ["GET", "value?at=main&key=", 400],
    ["GET", "history?at=main&key=k&skip=-1", 400],
    ["GET", "merge?into=none&from=main", 404],
    ["GET", "nothing", 404],
    ["PUT", "keys?at=main", 403],
    ["GET", "constructor", 404],
  ])("refuses %s %s", async (method, path, status) => {
    expect((await ask(api + path, { method })).status).toBe(status);
  });

  it("refuses bodies that are none, or too long", async () => {
    const { origin } = new URL(viewer.url);
    const headers = { origin, "content-type": "application/json", "x-vkv-viewer": "1" };
    const send = async (body: string): Promise<number> =>
      (await ask(`${api}graph`, { method: "POST", headers, body })).status;
    for (const body of ["", "{", "null", '{"from":1}', '{"from":[1]}']) expect(await send(body)).toBe(400);
    expect(await send(`"${"x".repeat(5_000_000)}"`).catch(() => 413)).toBe(413);
  });
});

describe("what goes wrong inside", () => {
  it("is told by its code alone, as a message can hold paths", async () => {
    const broken = new Memory();
    await fillSampleStore(broken);
    const other = await serveViewer(broken);
    broken.getMany = () => {
      throw Object.assign(new Error("open '/home/ann/secret'"), { code: "EMFILE" });
    };
    const { status, body } = await ask(`${other.url}api/refs`);
    expect(status).toBe(500);
    expect(JSON.parse(body)).toEqual({ code: "VIEWER_500", message: "The viewer failed (EMFILE)." });
    await other.close();
  });
});

describe("its life", () => {
  it("ends with close, or by a signal, and leaves the store open", async () => {
    const stop = new AbortController();
    const [first, second] = [await serveViewer(store), await serveViewer(store, { signal: stop.signal })];
    await first.close();
    await first.close();
    stop.abort();
    await second.close();
    for (const { url } of [first, second]) await expect(ask(url)).rejects.toThrow(/ECONNREFUSED/);
    expect(await Versioned.branches(store)).toContain("main");
  });

  it("says when its port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    await expect(serveViewer(store, { port })).rejects.toThrow(StorageError);
    await expect(serveViewer(store, { port })).rejects.toThrow(/port \d+ of 127\.0\.0\.1: another program does/);
    taken.close();
  });
});

/** A viewer that may write, with a store of its own. */
async function writable(): Promise<{ store: Memory; viewer: Viewer; head: string }> {
  const own = new Memory();
  await fillSampleStore(own);
  const head = await (await Versioned.open(own)).latestHead();
  return { store: own, viewer: await serveViewer(own, { write: true }), head: head ?? "" };
}
