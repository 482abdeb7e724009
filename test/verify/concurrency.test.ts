import { describe, expect, it } from "vitest";
import { collectGarbage, type Memory, Versioned, verify } from "vkv";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { encodeRef } from "../../src/commit/ref.ts";
import { FORMS, PlainMemory } from "../support/plain-memory.ts";
import { noise, randomFrom } from "../support/tree.ts";
import { change, failure } from "../versioned/helpers.ts";
import { type Fate, ScriptedStore } from "../versioned/scripted-store.ts";
import { copyOf, needsOf } from "./stores.ts";

const SOUND = { ok: true, problems: [], omitted: 0 };

/** A store with a branch whose second commit nothing else leads to, and a few others. */
async function smallStore(tailLimit: number): Promise<{ store: Memory; first: string; second: string }> {
  const store = new PlainMemory(tailLimit);
  const v = await Versioned.open(store);
  await v.snapshot(Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`k${i}`, noise(30, i)])));
  await v.merge();
  await v.createBranch("other");
  const first = v.currentCommit;
  await change(v, { k3: "changed", large: "x".repeat(1000) });
  await v.merge();
  await v.createTag("second");
  return { store, first, second: v.currentCommit };
}

async function collect(store: Memory): Promise<void> {
  await collectGarbage(store, { minAge: 0 });
}

/** What others may do between any two calls of a verification. */
const INTERFERENCES: Readonly<Record<string, (store: Memory, first: string) => Promise<void>>> = {
  "a branch is reset and what it led to is collected": async (store, first) => {
    const v = await Versioned.open(store);
    await v.deleteTag("second");
    await v.resetTo(first);
    await collect(store);
  },
  "a branch and a tag are deleted and collected": async (store) => {
    const v = await Versioned.open(store, { branch: "other" });
    await v.deleteTag("second");
    await v.deleteBranch("main");
    await collect(store);
  },
  "a branch moves on, is reset and moves on": async (store, first) => {
    const v = await Versioned.open(store);
    await change(v, { a: "1", k3: "again" });
    await v.merge();
    await v.deleteTag("second");
    await v.resetTo(first);
    await change(v, { b: "1" });
    await v.merge();
    await collect(store);
  },
  "a collection begins": collect,
  "branches are created": async (store) => {
    const v = await Versioned.open(store, { branch: "new" });
    await change(v, { n: "1" });
    await v.merge();
    await v.createTag("newer");
  },
};

const CASES = FORMS.flatMap(([form, limit]) =>
  Object.entries(INTERFERENCES).map(([name, interfere]) => [name, form, limit, interfere] as const),
);

describe.each(CASES)("while %s, where commits store %s", (_, _form, limit, interfere) => {
  it("a verification finds nothing wrong, wherever it is", async () => {
    const { store, first } = await smallStore(limit);
    const counting = new ScriptedStore(copyOf(store));
    expect(await verify(counting)).toEqual(SOUND);
    for (let at = 0; at < counting.calls.length; at++) {
      const memory = copyOf(store);
      const scripted = new ScriptedStore(memory);
      scripted.script = async (): Promise<Fate> => {
        if (scripted.calls.length === at + 1) await interfere(memory, first);
        return "pass";
      };
      expect([at, await verify(scripted)]).toEqual([at, SOUND]);
    }
  });

  it("a verification finds what is damaged all the same, wherever it is", async () => {
    const { store, first } = await smallStore(limit);
    const { chunks } = await needsOf(store);
    const [key = ""] = [...(chunks.get(first) ?? [])].filter((each) => each.startsWith("n/"));
    const damaged = copyOf(store);
    damaged.set(key, noise(50, 1));
    const counting = new ScriptedStore(copyOf(damaged));
    await verify(counting);
    for (let at = 0; at < counting.calls.length; at++) {
      const memory = copyOf(damaged);
      const scripted = new ScriptedStore(memory);
      scripted.script = async (): Promise<Fate> => {
        // What they do may need what is damaged.
        if (scripted.calls.length === at + 1) await interfere(memory, first).catch(() => undefined);
        return "pass";
      };
      const { problems } = await verify(scripted);
      expect(problems.map((problem) => [problem.kind, problem.key])).toContainEqual(["damaged", key]);
    }
  });
});

describe("while a branch moves all the time", () => {
  it("a verification ends, and finds what is damaged in the second round", async () => {
    const { store } = await smallStore(0);
    const v = await Versioned.open(store);
    const { root } = await v.commit();
    const scripted = new ScriptedStore(store);
    store.remove(chunkKey("node", root as Hash));
    let rounds = 0;
    scripted.script = async ({ op, key }): Promise<Fate> => {
      if (op === "keys" && key === "b/") {
        rounds++;
        const other = await Versioned.open(store, { branch: "other" });
        await change(other, { n: `${rounds}` });
        await other.merge();
        store.set("b/main", store.get("b/other") ?? new Uint8Array(0));
        store.set("t/second", encodeRef(v.currentCommit as Hash, 0, { rounds }));
      }
      return "pass";
    };
    expect((await verify(scripted)).problems).toMatchObject([{ kind: "missing", tags: ["second"], branches: [] }]);
    expect(rounds).toBe(2);
    // Nothing is the same at any two times.
    let tags = 0;
    const script = scripted.script;
    scripted.script = async (call): Promise<Fate> => {
      if (call.op === "keys" && call.key === "t/") {
        for (const key of [...store.keys("t/")]) store.remove(key);
        store.set(`t/${tags++}`, encodeRef(v.currentCommit as Hash, 0));
      }
      return script(call);
    };
    rounds = 0;
    expect((await verify(scripted)).problems).toMatchObject([{ kind: "missing", tags: [expect.any(String)] }]);
    expect(rounds).toBe(4);
  });
});

describe("verifications beside busy writers and collectors", () => {
  it.each(FORMS)("find nothing wrong where commits store %s", async (_, limit) => {
    const { store } = await smallStore(limit);
    const random = randomFrom(11);
    let over = false;
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, random(3)));
    const slow = (): ScriptedStore => {
      const scripted = new ScriptedStore(store);
      scripted.script = async (): Promise<Fate> => {
        if (random(4) === 0) await pause();
        return "pass";
      };
      return scripted;
    };
    const writer = async (name: string): Promise<void> => {
      for (let i = 0; !over; i++) {
        const v = await Versioned.open(slow(), { branch: `${name}${random(3)}` });
        await change(v, { [`${name}${i}`]: "x".repeat(random(1000)), [`k${random(25)}`]: `${i}` });
        await v.merge({ defaultMerge: "ours" }).catch(() => undefined);
        const [, before] = await v.history({ limit: 2 }).toArray();
        if (random(3) === 0 && before !== undefined) await v.resetTo(before).catch(() => undefined);
        if (random(5) === 0) await v.deleteBranch(v.branch).catch(() => undefined);
      }
    };
    const collector = async (): Promise<void> => {
      while (!over) {
        await collectGarbage(slow(), { minAge: 0 });
        await pause();
      }
    };
    const others = Promise.all([writer("a"), writer("b"), collector()]);
    const stop = failure(others.then(() => Promise.reject(new Error("stopped"))));
    for (let i = 0; i < 40; i++) expect(await verify(slow())).toEqual(SOUND);
    over = true;
    expect(await stop).toMatchObject({ message: "stopped" });
  });
});
