/**
 * vkv at its main job, on real data: releases of mime-db become commits on `main`; the branch `site` has changes of its
 * own and takes in what `main` brings; what goes wrong is rolled back.
 *
 * `npm start` runs it. It uses the public API only. Read it from top to bottom, and copy what you need.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Info, type MergeFn, type MergeResult, Versioned } from "vkv";
import { Disk } from "vkv/disk";
import { decode, encode, readRelease, type Version } from "./mime-db.ts";

const FOLDER = resolve("vkv-demo-store");

async function run(): Promise<void> {
  const start = performance.now();
  await rm(FOLDER, { recursive: true, force: true });
  const store = new Disk(FOLDER);
  try {
    await tell(store);
  } finally {
    await store.close();
  }
  await summarize(performance.now() - start);
}

async function tell(store: Disk): Promise<void> {
  const main = await Versioned.open(store); // opens the branch "main", and creates it in a new store

  title("Releases of mime-db become commits on main");
  for (const version of ["1.36.0", "1.40.0", "1.45.0", "1.48.0", "1.52.0"] as const) await importRelease(main, version);

  const site = await branchOff(main);
  await mergeByRule(main, site);
  await mergeWithConflict(main, site);
  await compare(main, "v1.36.0", "v1.54.0");
  await lookBack(main, "application/javascript/extensions");
  await countTogether(store);
  await rollBack(store);
  await showHistory(store);
}

/** Commits a release. It gives all its contents: values that are as before cost nothing, what it no longer has is removed. */
async function importRelease(main: Versioned, version: Version): Promise<void> {
  const start = performance.now();
  const release = await readRelease(version);
  const before = main.currentCommit;

  const removals = (await main.keys().toArray()).filter((key) => !release.contents.has(key));
  await main.snapshot(release.contents, { removals, info: { package: release.package, version } });
  await main.merge(); // until now the commit was this handle's own: now it is the branch's
  await main.createTag(`v${version}`);

  const { added, removed, modified } = await main.diff(before, main.currentCommit);
  line(
    `${version}  ${short(main)}`,
    `${release.types} types in ${await main.size()} keys`,
    `+${added.size} −${removed.size} ~${modified.size}`.padEnd(13),
    `${await folderSize()} on disk`,
    since(start),
  );
}

/** Begins a branch at the commit that main is at, and changes something there. */
async function branchOff(main: Versioned): Promise<Versioned> {
  title("A branch with changes of its own");
  const site = await main.createBranch("site");
  await site.snapshot(
    {
      "application/x-acme-note/extensions": encode(["note"]),
      "video/mp2t/extensions": encode(["ts", "trp"]),
    },
    { removals: ["application/x-msdownload/extensions"], info: { by: "site", why: "our own file types" } },
  );
  await site.merge();
  const { added, removed, modified } = await site.diff(main.currentCommit, site.currentCommit);
  line(`site  ${short(site)}`, `+${added.size} −${removed.size} ~${modified.size} keys against main`);
  line(`main  ${short(main)}`, "where it was: it knows nothing of that");
  return site;
}

/** A merge rule for lists: what a side added is added, what a side removed is removed. The order is theirs. */
const mergeLists: MergeFn = (old, ours, theirs) => {
  const list = (bytes: Uint8Array | undefined) => (decode(bytes) ?? []) as string[];
  const [before, we, they] = [list(old), list(ours), list(theirs)];
  const kept = they.filter((item) => we.includes(item) || !before.includes(item));
  const added = we.filter((item) => !before.includes(item) && !they.includes(item));
  return encode([...kept, ...added]);
};

/** Both branches change a list; a rule for its key puts the changes together. */
async function mergeByRule(main: Versioned, site: Versioned): Promise<void> {
  title("main moves on, and site takes it in: a merge with a rule for a key");
  await importRelease(main, "1.53.0");

  site.setMergeFn("video/mp2t/extensions", mergeLists);
  const result = await site.mergeFrom("main", { info: { by: "site", why: "mime-db 1.53.0" } });
  await site.merge();

  showMerge(result);
  line("video/mp2t/extensions", show(await site.get("video/mp2t/extensions")));
}

/** Both branches change keys that no rule is for: the merge says which, and changes nothing until it is told what to do. */
async function mergeWithConflict(main: Versioned, site: Versioned): Promise<void> {
  title("Again, with a conflict");
  await site.snapshot(
    {
      "image/jpeg/extensions": encode(["jpeg", "jpg", "jpe", "jfif"]),
      "image/hsj2/extensions": encode(["hsj2", "hsj"]),
    },
    { info: { by: "site", why: "more names for images" } },
  );
  await site.merge();
  await importRelease(main, "1.54.0");

  // Without `onConflict`, a MergeConflict is thrown, which has the same `conflicts`.
  const abandoned = await site.mergeFrom("main", { onConflict: "abandon" });
  showMerge(abandoned);
  for (const { key, old, ours, theirs } of abandoned.conflicts) {
    line(`  ${key}`);
    line(`    was ${show(old)}, ours ${show(ours)}, theirs ${show(theirs)}`);
  }

  const result = await site.mergeFrom("main", {
    mergeFns: { "image/jpeg/extensions": mergeLists, "image/hsj2/extensions": "ours" },
    info: { by: "site", why: "mime-db 1.54.0" },
  });
  await site.merge();
  showMerge(result);
  for (const key of result.resolvedKeys) line(`  ${key}`, show(await site.get(key)));
}

/** What differs between two commits, however far apart. */
async function compare(v: Versioned, from: string, to: string): Promise<void> {
  title(`What changed from ${from} to ${to}`);
  const start = performance.now();
  const [a, b] = [await v.resolveCommit(from), await v.resolveCommit(to)]; // ids, of tags here
  const { added, removed, modified } = await v.diff(a, b);
  line(`${added.size} keys added, ${removed.size} removed, ${modified.size} modified`, since(start));

  // The same with values, key by key and in order: it reads on only as long as it is asked.
  let left = 4;
  for await (const change of v.changes(a, b, { gte: "audio/", lt: "font/" })) {
    if (change.type !== "modified") continue;
    line(`  ${change.key}`, `${show(change.old)} → ${show(change.new)}`);
    if (--left === 0) break;
  }
}

/** Every commit can be read as it was. */
async function lookBack(v: Versioned, key: string): Promise<void> {
  title(`${key}, release by release`);
  for (const [tag, { commit }] of await v.listTags()) {
    const then = await v.checkout(commit);
    line(`${tag}  ${show(await then?.get(key))}`);
  }
}

/** Four writers count on one branch at once, and no count is lost. */
async function countTogether(store: Disk): Promise<void> {
  title("Four writers count at once");
  const start = performance.now();
  let tries = 0;
  const writer = async (name: string): Promise<void> => {
    const v = await Versioned.open(store, { branch: "site" });
    for (let i = 0; i < 25; i++) {
      await v.transact(
        async (tx) => {
          tries++; // where another writer was faster, this runs again on what that one left
          const count = (decode(await tx.get("stats/lookups")) ?? 0) as number;
          await tx.snapshot({ "stats/lookups": encode(count + 1) });
        },
        { info: { by: name, why: "one more look-up" } },
      );
    }
  };
  await Promise.all(["ann", "bob", "cy", "dee"].map(writer));

  const v = await Versioned.open(store, { branch: "site" });
  line(`stats/lookups is ${show(await v.get("stats/lookups"))}`, `${tries} tries`, since(start));
}

/** A tag names the commit to come back to; then the branch is moved back to it. */
async function rollBack(store: Disk): Promise<void> {
  title("A mistake, and back");
  const site = await Versioned.open(store, { branch: "site" });
  await site.createTag("site-1", { info: { by: "site", why: "all is well" } });
  line(`site is tagged site-1  ${short(site)}`, `${await site.size()} keys`);

  const removals = await site.keys({ prefix: "application/" }).toArray();
  await site.snapshot(null, { removals, info: { by: "site", why: "clean up (oops)" } });
  await site.merge();
  line(`after a clean-up       ${short(site)}`, `${await site.size()} keys`);

  await site.resetTo(await site.resolveCommit("site-1"));
  line(`after resetTo          ${short(site)}`, `${await site.size()} keys`);
}

/** The history of each branch, with what each commit says about itself. */
async function showHistory(store: Disk): Promise<void> {
  for (const branch of await Versioned.branches(store)) {
    title(`The history of ${branch}`);
    const v = await Versioned.open(store, { branch, create: false });
    let counted = 0;
    for await (const id of v.history()) {
      const { parents, info } = await v.commit(id);
      if (info?.["why"] === "one more look-up") {
        counted++;
        continue;
      }
      if (counted > 0) line(`${counted} commits that count`);
      counted = 0;
      line(`${id.slice(0, 8)}  ${describe(info)}`, parents.length > 1 ? "merge" : "");
    }
  }
}

function describe(info: Info | undefined): string {
  return info === undefined ? "the empty commit that all begins with" : Object.values(info).join(": ");
}

/** Opens the store again: everything is there. */
async function summarize(ms: number): Promise<void> {
  const store = new Disk(FOLDER);
  const site = await Versioned.open(store, { branch: "site", create: false });
  const commits = await site.history({ allParents: true }).toArray();
  const [branches, tags] = [await site.listBranches(), await site.listTags()];
  const size = await site.size();
  await store.close();

  title("In the end");
  line(`${commits.length} commits, ${branches.length} branches, ${tags.size} tags, ${size} keys on site`);
  line(`${await folderSize()} on disk, ${(ms / 1000).toFixed(1)} s`);
  line(`The store is in ${FOLDER}, for you to look at: new Disk("${basename(FOLDER)}")`);
  line("In the browser:", `npx vkv ui --store ${basename(FOLDER)}`);
}

function showMerge({ merged, strategy, carriedKeys, autoMergedKeys, resolvedKeys, conflicts }: MergeResult): void {
  const ours = autoMergedKeys.length - resolvedKeys.length;
  if (merged)
    line(
      `merged (${strategy}): ${carriedKeys.length} keys from main, ${ours} of site, ${resolvedKeys.length} by a rule`,
    );
  else line(`not merged: ${conflicts.length} keys in conflict`);
}

/** The beginning of the id of the commit that a handle is at. */
function short(v: Versioned): string {
  return v.currentCommit.slice(0, 8);
}

function show(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "nothing" : JSON.stringify(decode(bytes));
}

function title(text: string): void {
  console.log(`\n${text}`);
}

function line(...parts: string[]): void {
  console.log(`  ${parts.filter((part) => part !== "").join("  ·  ")}`);
}

function since(start: number): string {
  return `${(performance.now() - start).toFixed(1)} ms`;
}

async function folderSize(): Promise<string> {
  const files = await readdir(FOLDER);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(FOLDER, file))).size));
  return `${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024)} KiB`;
}

await run();
