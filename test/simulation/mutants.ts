/** Ways to break the protocol of docs/collection.md: each removes one of its rules from the sources. */
import type { Patch } from "./bundle.ts";

const SESSION = "commit/session.ts";
const EPOCH = "commit/epoch.ts";
const RAISE = "commit/raise.ts";
const COLLECT = "commit/collect.ts";
const CHUNKS = "chunk/store.ts";

/** A protocol without one of its rules. */
export interface Mutant {
  /** The sort of runs that finds it soon. */
  readonly sort: string;
  readonly patches: readonly Patch[];
}

/** By the rule that is missing. */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  "blind set of chunks": {
    sort: "garbage",
    patches: [
      {
        file: CHUNKS,
        find: "const existing = await this.store.createMany(entries);",
        replace: "const existing: string[] = []; await this.store.setMany(entries);",
      },
    ],
  },
  "no header upgrade of a chunk that is there": {
    sort: "garbage",
    patches: [
      {
        file: CHUNKS,
        find: "return this.#raiseBatch(there, epoch, { put });",
        replace: "return there.slice(there.length);",
      },
    ],
  },
  "a source ref with a lower epoch": {
    sort: "halfway",
    patches: [
      { file: SESSION, find: "if (ref === undefined || ref.epoch >= this.#epoch) return ref;", replace: "return ref;" },
      {
        file: SESSION,
        find: "if (ref !== undefined && ref.epoch >= this.#epoch) this.#safe",
        replace: "if (ref !== undefined) this.#safe",
      },
    ],
  },
  "refresh without putting again": {
    sort: "garbage",
    patches: [
      {
        file: SESSION,
        find: "for (let from = 0; from < this.#pending.length; from += BATCH)",
        replace: "for (let from = this.#pending.length; from < this.#pending.length; from += BATCH)",
      },
    ],
  },
  "refresh without re-establishing": {
    sort: "branches",
    patches: [
      { file: SESSION, find: "this.#safe.clear();\n    this.#epoch = epoch;", replace: "this.#epoch = epoch;" },
    ],
  },
  "re-established from a ref of lower epoch": {
    sort: "halfway",
    patches: [
      {
        file: "commit/held.ts",
        find: "ref.head !== undefined && ref.epoch >= epoch",
        replace: "ref.head !== undefined",
      },
      {
        file: SESSION,
        find: "ref === undefined || ref.epoch < this.#epoch",
        replace: "ref === undefined",
      },
    ],
  },
  "a retry that accepts a higher epoch": {
    sort: "garbage",
    patches: [
      {
        file: SESSION,
        find: "if (ref !== undefined && ref.epoch > this.#epoch) await this.#refresh(ref.epoch);",
        replace: "",
      },
    ],
  },
  "publish that compares the head only": {
    sort: "counting",
    patches: [
      {
        file: SESSION,
        find: 'if (!(await store.cas(this.#key, to.stored, from.stored))) return "lost";',
        replace: `const now = await readRef(store, this.#key);
      if (now?.head !== from.head || !(await store.cas(this.#key, to.stored, now.stored))) return "lost";`,
      },
    ],
  },
  "no step 4": {
    sort: "zombies",
    patches: [
      { file: COLLECT, find: "isMarked && (await readEpoch(this.#store)) === epoch; // 4", replace: "isMarked;" },
    ],
  },
  /*
   * This one loses nothing here, as the mark stops at the first chunk that is missing. Where the epoch is still g after the
   * raise, this collector has recorded the head of each ref that existed; what was added since has headers of g or higher,
   * or was reached from such a ref. So marks that are complete are right, however late they are made, and what makes them
   * incomplete is only that a later collector removed something, at which the mark stops. What the rule saves is the false
   * alarm: without it that is reported as damage, and so the simulation finds it.
   */
  "step 4 before the mark": {
    sort: "zombies",
    patches: [
      {
        file: COLLECT,
        find: "const isMarked = await this.#mark(tips, epoch); // 3",
        replace: `const isCurrent = (await readEpoch(this.#store)) === epoch;
    const isMarked = await this.#mark(tips, epoch);`,
      },
      {
        file: COLLECT,
        find: "isMarked && (await readEpoch(this.#store)) === epoch; // 4",
        replace: "isMarked && isCurrent;",
      },
      { file: COLLECT, find: "if ((await readEpoch(this.#store)) === epoch) throw error;", replace: "throw error;" },
    ],
  },
  "no reservation": {
    sort: "branches",
    patches: [
      {
        file: SESSION,
        find: "if (!(await store.cas(key, reservation, undefined))) {",
        replace: "if ((await store.get(key)) !== undefined) {",
      },
      {
        file: SESSION,
        find: "this.#casOrSeen(key, ref.stored, reservation)",
        replace: "this.#casOrSeen(key, ref.stored, undefined)",
      },
    ],
  },
  "no look at the epoch in create": {
    sort: "branches",
    patches: [{ file: SESSION, find: "if ((await readEpoch(store)) !== this.#epoch) {", replace: "if (false) {" }],
  },
  "no nonce": {
    sort: "everything",
    patches: [
      {
        file: "commit/ref.ts",
        find: "return randomPool.slice(randomUsed - NONCE_BYTES, randomUsed);",
        replace: "return new Uint8Array(NONCE_BYTES);",
      },
    ],
  },
  "reservations not killed": {
    sort: "branches",
    patches: [
      {
        file: EPOCH,
        find: "if (ref.head !== undefined && ref.epoch >= epoch)",
        replace: "if (ref.head === undefined) return undefined; if (ref.epoch >= epoch)",
      },
    ],
  },
  "no test of the header": {
    sort: "garbage",
    patches: [{ file: COLLECT, find: "chunk.epoch >= epoch || ", replace: "" }],
  },
  "plain remove": {
    sort: "garbage",
    patches: [
      {
        file: COLLECT,
        find: "if (!(await this.#store.cas(key, undefined, bytes))) return;",
        replace: "await this.#store.remove(key);",
      },
    ],
  },
  "no raise": {
    sort: "garbage",
    patches: [
      {
        file: EPOCH,
        find: "if (await store.cas(key, raised, ref.stored)) return asRef(ref);",
        replace: "if (raised !== undefined || (await store.cas(key, raised, ref.stored))) return asRef(ref);",
      },
    ],
  },
  "raise by blind set": {
    sort: "counting",
    patches: [
      {
        file: EPOCH,
        find: "if (await store.cas(key, raised, ref.stored)) return asRef(ref);",
        replace: `if (raised !== undefined) await store.set(key, raised);
    if (raised !== undefined || (await store.cas(key, raised, ref.stored))) return asRef(ref);`,
      },
    ],
  },
  "head recorded before its cas": {
    sort: "counting",
    patches: [{ file: EPOCH, find: "return asRef(ref);", replace: "return asRef(listed);" }],
  },
  "refs raised before the epoch": {
    sort: "branches",
    patches: [
      {
        file: COLLECT,
        find: "const epoch = await beginEpoch(this.#store); // 1",
        replace: "const epoch = (await readEpoch(this.#store)) + 1;",
      },
      {
        file: COLLECT,
        find: "const tips = await raiseRefs(this.#store, epoch); // 2",
        replace: `const tips = await raiseRefs(this.#store, epoch);
    if ((await beginEpoch(this.#store)) !== epoch) return this.run();`,
      },
    ],
  },
  "a ref that moves loses its cuts": {
    sort: "cuts",
    patches: [
      {
        file: SESSION,
        find: "makeRef(head, ref.epoch, await this.#cuts(ref, head, without), ref.info)",
        replace: "makeRef(head, ref.epoch, [], ref.info)",
      },
    ],
  },
  "a new ref has no cuts": {
    sort: "cuts",
    patches: [
      {
        file: SESSION,
        find: "makeRef(head, this.#epoch, cuts, info)",
        replace: "makeRef(head, this.#epoch, [], info)",
      },
    ],
  },
  "a ref that is raised loses its cuts": {
    sort: "cuts",
    patches: [
      {
        file: EPOCH,
        find: "encodeRef(ref.head, epoch, ref.info, ref.cuts)",
        replace: "encodeRef(ref.head, epoch, ref.info)",
      },
    ],
  },
  "a merge takes the cuts of its own branch only": {
    sort: "cuts",
    patches: [
      {
        file: SESSION,
        find: "if (all.size === own.length && this.#safe.size === 0) return own;",
        replace: "return own;",
      },
    ],
  },
  "re-established from beyond a cut": {
    sort: "cuts",
    patches: [
      {
        file: "commit/held.ts",
        find: 'new Horizon(repository.store, cuts, "these")',
        replace: "new Horizon(repository.store, [])",
      },
      { file: SESSION, find: 'new Horizon(store, ref.cuts, "these")', replace: "new Horizon(store, [])" },
    ],
  },
  "what is below commits from elsewhere is not raised": {
    sort: "cuts",
    patches: [
      { file: RAISE, find: "if (cuts === undefined) enter(parent);", replace: "if (cuts === undefined) continue;" },
    ],
  },
  "commits that are raised have no cuts": {
    sort: "cuts",
    patches: [{ file: RAISE, find: "raised.held.get(parent) ?? []", replace: "[]" }],
  },
  "a cut by blind set": {
    sort: "cuts",
    patches: [
      {
        file: "commit/retain.ts",
        find: "if (await store.cas(key, stored, ref.stored))",
        replace: "await store.set(key, stored);\n    if (stored !== undefined)",
      },
    ],
  },
  "what one ref holds is not walked for another with other cuts": {
    sort: "cuts",
    patches: [
      {
        file: "commit/tips.ts",
        find: "const seen = cuts.size === 0 ? whole : new HashSet();",
        replace: "const seen = whole;",
      },
    ],
  },
  "no spine": {
    sort: "cuts",
    patches: [{ file: COLLECT, find: "for (const { hash } of spine) this.#spine.add(hash);", replace: "" }],
  },
  "tails end at cuts": {
    sort: "tails",
    patches: [{ file: "commit/closure.ts", find: "tails: await tailsBelow(chunks, lowest)", replace: "tails: []" }],
  },
  "what commits of a tail changed is not walked": {
    sort: "tails",
    patches: [
      {
        file: "commit/tail.ts",
        find: "return partsIn(Array.from",
        replace: "return partsIn([]) ?? partsIn(Array.from",
      },
    ],
  },
  "what nodes are differences from is not marked": {
    sort: "tails",
    patches: [
      {
        file: "tree/walk.ts",
        find: "for (const base of chunk.bases) if (visited.add(base, AS_BASE)) bases.push(base);",
        replace: "",
      },
    ],
  },
  "what nodes are differences from is not raised": {
    sort: "tails",
    patches: [
      {
        file: CHUNKS,
        find: "const lost = await this.#raiseBases(stored.values(), epoch, chain);",
        replace: "const lost = new Set(stored.size < 0 ? await this.#raiseBases([], epoch, chain) : []);",
      },
    ],
  },
  "a base that only others need is walked through": {
    sort: "tails",
    patches: [{ file: "tree/walk.ts", find: "visited.add(base, AS_BASE)", replace: "visited.add(base)" }],
  },
  "nodes are put only where they are not cached": {
    sort: "tails",
    patches: [
      {
        file: "versioned/node-chunks.ts",
        find: "const nodes = unstoredNodes(root);",
        replace: "const nodes = unstoredNodes(root).filter(({ hash }) => repository.nodes.cached(hash) === undefined);",
      },
    ],
  },
};
