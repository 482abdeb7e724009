import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { type Hash, hashOf } from "../../src/chunk/hash.ts";
import { beginEpoch, EPOCH_KEY, raiseRefs, readEpoch } from "../../src/commit/epoch.ts";
import { FORMAT, FORMAT_KEY, markFormat, markOf } from "../../src/commit/format.ts";
import { checkName } from "../../src/commit/names.ts";
import {
  asRef,
  decodeRef,
  deleteRef,
  encodeRef,
  encodeReservation,
  listNames,
  readRef,
  refKey,
  refName,
} from "../../src/commit/ref.ts";
import { CorruptionError, FormatVersionError, InvalidNameError } from "../../src/errors.ts";
import { Memory } from "../../src/kv/memory.ts";
import { Interrupted } from "../support/interrupted-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";

const head = (n: number): Hash => hashOf(utf8(`${n}`));

function refAt(store: Memory, key: string): ReturnType<typeof asRef> {
  const stored = store.get(key);
  return stored && asRef(decodeRef(key, stored));
}

/** Raises all refs to epoch 5; returns what they led to. */
async function raisedHeads(store: Memory): Promise<Hash[]> {
  // Refs never have a later epoch than the store.
  const other = new Memory();
  for (let epoch = 0; epoch < 6; ) epoch = await beginEpoch(other);
  for (const key of [EPOCH_KEY, FORMAT_KEY]) store.set(key, other.get(key) ?? new Uint8Array(0));
  return (await raiseRefs(store, 5)).groups().flatMap(({ heads }) => [...heads]);
}

describe("refs", () => {
  it("come back from their bytes, which are different at each write", () => {
    const cuts = [head(2), head(3)].sort();
    const one = encodeRef(head(1), 7, { by: "me" }, cuts);
    const two = encodeRef(head(1), 7, { by: "me" }, cuts);
    expect(one).not.toEqual(two);
    for (const stored of [one, two]) {
      expect(decodeRef("t/x", stored)).toEqual({ head: head(1), epoch: 7, cuts, info: { by: "me" }, stored });
    }
    expect(asRef(decodeRef("b/x", encodeReservation()))).toBeUndefined();
    expect(encodeReservation()).not.toEqual(encodeReservation());
  });

  it("name the key when they are damaged", () => {
    const stored = encodeRef(head(1), 7);
    for (const damaged of [
      stored.subarray(0, 20),
      stored.with(1, 3),
      utf8(""),
      new Uint8Array([...encodeReservation(), 0]),
    ]) {
      expect(() => decodeRef("b/main", damaged)).toThrow(CorruptionError);
      expect(() => decodeRef("b/main", damaged)).toThrow("b/main");
    }
  });

  it("are listed by name in code-point order, without reservations, in stores of many", async () => {
    const store = new Memory();
    const names = [
      "main",
      "\uffff",
      "😀",
      "a/b",
      "t/x",
      "b/",
      "__proto__",
      ...Array.from({ length: 2500 }, (_, i) => `n${i}`),
    ];
    for (const name of names) store.set(refKey("branch", name), encodeRef(head(1), 0));
    store.set(refKey("branch", "on its way"), encodeReservation());
    store.set(refKey("tag", "only a tag"), encodeRef(head(2), 0));
    const listed = [...(await listNames(store, "branch", () => true)).keys()];
    expect(listed).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    expect([...(await listNames(store, "tag", () => true)).keys()]).toEqual(["only a tag"]);
    expect(refName("branch", refKey("branch", "b/"))).toBe("b/");
    store.set(FORMAT_KEY, utf8("vkv 999"));
    await expect(listNames(store, "branch", () => true)).rejects.toThrow(FormatVersionError);
  });

  it("are deleted as they were read, or read again; reservations are not", async () => {
    const key = refKey("branch", "x");
    const store = new Interrupted();
    expect(await deleteRef(store, key)).toBe(false);
    store.set(key, encodeReservation());
    expect(await deleteRef(store, key)).toBe(false);
    expect(store.get(key)).toBeDefined();
    store.set(key, encodeRef(head(1), 0));
    // It moves twice before the deletion lands.
    store.before(
      "cas",
      () => store.set(key, encodeRef(head(2), 0)),
      () => store.set(key, encodeRef(head(3), 1)),
    );
    expect(await deleteRef(store, key)).toBe(true);
    expect(store.get(key)).toBeUndefined();
    store.set(key, encodeRef(head(1), 0));
    store.before("cas", () => store.remove(key));
    expect(await deleteRef(store, key)).toBe(false);
  });
});

describe("names", () => {
  it.each(["a", "main", "feature/x", "/", "a b", "😀", "é".repeat(100), "..", "__proto__", "\u2028", "b/"])(
    "can be %j",
    (name) => {
      expect(() => checkName(name)).not.toThrow();
    },
  );

  it.each(["", "\u0000", "a\nb", "\u007f", "\u0085", "\ud800", "é".repeat(101), "x".repeat(201)])(
    "cannot be %j",
    (name) => {
      expect(() => checkName(name)).toThrow(InvalidNameError);
    },
  );

  it.each([undefined, null, 1, ["main"]])("cannot be %j, which is no string", (name) => {
    expect(() => checkName(name)).toThrow(TypeError);
  });
});

describe("the format's mark", () => {
  it("is set once, and another one is refused", async () => {
    for (const [store, mark] of [
      [new PlainMemory(), FORMAT],
      [new PlainMemory(7), markOf(new PlainMemory(7))],
    ] as const) {
      await markFormat(store);
      await markFormat(store);
      expect(store.get(FORMAT_KEY)).toEqual(utf8(mark));
    }
    for (const other of [utf8("vkv 999"), new Uint8Array([0xff]), new Uint8Array(0)]) {
      const store = new Memory();
      store.set(FORMAT_KEY, other);
      await expect(markFormat(store)).rejects.toThrow(FormatVersionError);
      expect(store.get(FORMAT_KEY)).toEqual(other);
    }
  });
});

describe("epochs", () => {
  it("begin one after the other, whoever begins them", async () => {
    const store = new Memory();
    expect(await readEpoch(store)).toBe(0);
    const begun = await Promise.all(Array.from({ length: 20 }, () => beginEpoch(store)));
    expect([...begun].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(await readEpoch(store)).toBe(20);
  });

  it("have bytes of their own each, so that a restored value is not taken for another", async () => {
    const [one, two] = [new Memory(), new Memory()];
    await beginEpoch(one);
    await beginEpoch(two);
    expect(one.get(EPOCH_KEY)).not.toEqual(two.get(EPOCH_KEY));
  });

  it("that cannot be read are refused", async () => {
    const store = new Memory();
    store.set(EPOCH_KEY, new Uint8Array([0x80]));
    await expect(readEpoch(store)).rejects.toThrow(CorruptionError);
    await expect(beginEpoch(store)).rejects.toThrow(CorruptionError);
  });

  it("raise refs below them, keep what they say, and drop reservations", async () => {
    const store = new Memory();
    store.set("b/low", encodeRef(head(1), 0));
    store.set("b/same", encodeRef(head(2), 5));
    store.set("b/high", encodeRef(head(3), 6));
    store.set("b/reserved", encodeReservation());
    store.set("t/tag", encodeRef(head(4), 1, { release: 1 }));
    const before = new Map([...store.memory].map(([key, value]) => [key, value.slice()]));
    expect(await raisedHeads(store)).toEqual([head(1), head(4)]);
    expect(refAt(store, "b/low")).toMatchObject({ head: head(1), epoch: 5, info: undefined });
    expect(refAt(store, "t/tag")).toMatchObject({ head: head(4), epoch: 5, info: { release: 1 } });
    for (const key of ["b/same", "b/high"]) expect(store.get(key)).toEqual(before.get(key));
    expect(store.get("b/reserved")).toBeUndefined();
  });

  it("raise what a ref leads to when the raise lands, not when it was listed", async () => {
    const key = "b/main";
    const cases: readonly (readonly [
      what: string,
      during: (store: Memory) => void,
      heads: readonly Hash[],
      epoch: number | undefined,
    ])[] = [
      ["published meanwhile", (store) => store.set(key, encodeRef(head(2), 0)), [head(2)], 5],
      ["deleted meanwhile", (store) => store.remove(key), [], undefined],
      ["raised by another collector meanwhile", (store) => store.set(key, encodeRef(head(1), 6)), [], 6],
      ["deleted and reserved meanwhile", (store) => store.set(key, encodeReservation()), [], undefined],
    ];
    for (const [, during, heads, epoch] of cases) {
      const store = new Interrupted();
      store.set(key, encodeRef(head(1), 0));
      store.before("cas", () => during(store));
      expect(await raisedHeads(store)).toEqual(heads);
      expect(refAt(store, key)?.epoch).toBe(epoch);
    }
    const store = new Interrupted();
    store.set(key, encodeReservation());
    // The reservation is filled before it is dropped.
    store.before("cas", () => store.set(key, encodeRef(head(9), 0)));
    expect(await raisedHeads(store)).toEqual([head(9)]);
    expect((await readRef(store, key))?.epoch).toBe(5);
  });
});
