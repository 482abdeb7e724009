import { it } from "vitest";
import { Memory } from "../../src/kv/memory.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { CountingStore } from "../support/counting-store.ts";
import { Repository } from "../../src/commit/repository.ts";
import { EMPTY_ROOT } from "../../src/tree/edit.ts";
import { newCommit } from "../../src/versioned/write.ts";
import type { CommitRecord } from "../../src/commit/commit.ts";
import { isAncestor, mergeBases } from "../../src/commit/ancestry.ts";

const log = (name: string, s: CountingStore) => { console.log(name, s.roundTrips, s.calls, s.count("getMany").items); s.reset(); };
async function graph(shape: (add: (parents: CommitRecord[], tag?: string) => Promise<CommitRecord>) => Promise<[CommitRecord, CommitRecord, CommitRecord]>) {
  const mem = new Memory();
  const repo = Repository.of(mem);
  let i = 0;
  const chunks: any[] = [];
  const add = async (parents: CommitRecord[]) => {
    const made = await newCommit(repo, { root: EMPTY_ROOT, fresh: [EMPTY_ROOT] }, [], parents, { i: i++ });
    await repo.chunks.put(made.chunks, 0);
    return repo.commits.add(made.commit);
  };
  const [a, b, base] = await shape(add);
  return { mem, a, b, base };
}
const shapes: Record<string, any> = {
  async fork_mid(add: any) { let c = await add([]); for (let i = 0; i < 5000; i++) c = await add([c]); const base = c; let a = c; for (let i = 0; i < 2500; i++) a = await add([a]); let b = c; for (let i = 0; i < 2500; i++) b = await add([b]); return [a, b, base]; },
  async one_side(add: any) { let c = await add([]); const base = c; const b = await add([c]); for (let i = 0; i < 10000; i++) c = await add([c]); return [c, b, base]; },
  async recent(add: any) { let c = await add([]); for (let i = 0; i < 10000; i++) c = await add([c]); const base = c; const b = await add([c]); c = await add([c]); return [c, b, base]; },
  async writers(add: any) { // main of merge commits; each merges a one-commit side; ours based 100 back
    let c = await add([]); let base = c; 
    for (let i = 0; i < 3333; i++) { if (i === 3233) base = c; const side = await add([c]); const o = await add([c]); c = await add([o, side]); } const b = await add([base]); return [c, b, base]; },
  async chained(add: any) { // each merge: parents (head, ours) where ours is based on the previous head
    let c = await add([]); let base = c; let prev = c; const n = 5000;
    for (let i = 0; i < n; i++) { if (i === n - 100) base = c; const side = await add([prev]); prev = c; c = await add([c, side]); } const b = await add([base]); return [c, b, base]; },
  async longSide(add: any) { // side branches of 50 commits merged into main
    let c = await add([]); let base = c;
    for (let i = 0; i < 200; i++) { if (i === 190) base = c; let side = c; for (let j = 0; j < 49; j++) side = await add([side]); const o = await add([c]); c = await add([o, side]); } const b = await add([base]); return [c, b, base]; },
  async feature(add: any) { // a feature branch that merges main every 10 commits; then both go on
    let m = await add([]); let f = await add([m]); let base = m;
    for (let i = 0; i < 500; i++) { for (let j = 0; j < 10; j++) m = await add([m]); for (let j = 0; j < 9; j++) f = await add([f]); f = await add([f, m]); base = m; }
    for (let j = 0; j < 5; j++) m = await add([m]);
    return [m, f, base]; },
  async crisscross(add: any) { let a = await add([]); let b = await add([a]); a = await add([a]); for (let i = 0; i < 3000; i++) { const [x, y]: any = [await add([a, b]), await add([b, a])]; a = await add([x]); b = await add([y]); } return [a, b, a]; },
};
for (const [name, shape] of Object.entries(shapes)) it(name, async () => {
  const { mem, a, b, base } = await graph(shape);
  for (const what of ["mergeBase", "mergeBaseRev", "isAncestor(base,a)", "isAncestor(b,a)", "isAncestor(a,b)"] as const) {
    const s = new CountingStore(mem); const { commits } = Repository.of(s);
    const [x, y, z] = await commits.loadMany([a.hash, b.hash, base.hash]) as any; s.reset();
    if (what === "mergeBase") await mergeBases(commits, [x], y);
    else if (what === "mergeBaseRev") await mergeBases(commits, [y], x);
    else if (what === "isAncestor(base,a)") await isAncestor(commits, z, x);
    else if (what === "isAncestor(b,a)") await isAncestor(commits, y, x);
    else await isAncestor(commits, x, y);
    log(name + " " + what, s);
  }
  const s = new CountingStore(mem); const v = await Versioned.open(s, { commit: a.hash, branch: "q" }); s.reset();
  await v.history({ limit: 100 }).toArray(); log("history100", s);
  await v.history({ limit: 100, allParents: true }).toArray(); log("history100 all", s);
}, 100000);
it("make", async () => {
  const mem = new Memory(); const repo = Repository.of(mem); const list: CommitRecord[] = []; let c: CommitRecord | undefined;
  for (let i = 0; i < 10001; i++) { const made: any = await newCommit(repo, { root: EMPTY_ROOT, fresh: [EMPTY_ROOT] }, [], c ? [c] : [], { i }); await repo.chunks.put(made.chunks, 0); c = repo.commits.add(made.commit); list.push(c); }
  let worst = 0, at = 0;
  for (const i of [...Array(70).keys(), 255, 256, 1023,1024,1025, 4094,4095,4096,8191, 9999, 10000]) { const s = new CountingStore(mem); const { commits } = Repository.of(s); const x = await commits.load(list[i].hash); s.reset();
    await commits.make({ root: EMPTY_ROOT.hash, size: 0, bytes: 0, parents: [x], info: undefined }); if (s.roundTrips > worst) { worst = s.roundTrips; at = i; } if (i > 60) console.log("make at", i, s.roundTrips); }
  console.log("worst", worst, at);
}, 100000);
