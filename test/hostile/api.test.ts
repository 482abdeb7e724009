import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { counter, json, lastWriterWins, Memory, Namespaced, Versioned, VkvError } from "vkv";
import { MAX_VALUE_BYTES } from "../../src/tree/slot.ts";
import { bytes } from "../versioned/helpers.ts";

class Thrown extends Error {}

function fail(): never {
  throw new Thrown();
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
}

const cycle: Record<string, unknown> = {};
cycle["self"] = [cycle];

class Point {
  x = 1;
}

/** Values of every shape, by what they are. */
const ODD: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  "a number": () => 5,
  "-0": () => -0,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  "a bigint": () => 1n,
  "a symbol": () => Symbol("s"),
  "a text": () => "text",
  "an empty text": () => "",
  "a text with NUL": () => "a\u0000b",
  "a lone surrogate": () => "a\ud800",
  "4,096 bytes": () => "é".repeat(2048),
  "4,097 bytes": () => `${"é".repeat(2048)}x`,
  "a million units": () => "\uffff".repeat(1e6),
  "a text __proto__": () => "__proto__",
  "a text constructor": () => "constructor",
  "a slash": () => "/",
  "a String": () => Object("text"),
  "a function": () => () => "text",
  "an array": () => ["text"],
  "an array with holes": () => Object.assign(new Array(2), { 1: "text" }),
  "an array of itself": () => {
    const list: unknown[] = [];
    list.push(list);
    return list;
  },
  "an object": () => ({ text: 1 }),
  "an object without prototype": () => Object.assign(Object.create(null), { text: bytes("1") }),
  "an object with __proto__": () => JSON.parse('{"__proto__":{"polluted":true}}'),
  "a cycle": () => cycle,
  "a date": () => new Date(0),
  "a Map": () => new Map([["text", bytes("1")]]),
  "a Set": () => new Set(["text"]),
  "a RegExp": () => /x/,
  "an instance": () => new Point(),
  "an ArrayBuffer": () => new ArrayBuffer(2),
  "a view of 16 bits": () => new Uint16Array(2),
  bytes: () => bytes("1"),
  "empty bytes": () => new Uint8Array(0),
  "shared bytes": () => new Uint8Array(new SharedArrayBuffer(2)),
  "detached bytes": () => {
    const value = new Uint8Array(8);
    structuredClone(value.buffer, { transfer: [value.buffer] });
    return value;
  },
  "an iterable that throws": () => ({ [Symbol.iterator]: fail }),
  "an iterator that throws": () => ({
    *[Symbol.iterator]() {
      yield ["a", bytes("1")];
      fail();
    },
  }),
  "a getter that throws": () => Object.defineProperty({}, "text", { get: fail, enumerable: true }),
  "toJSON that throws": () => ({ toJSON: fail }),
  "toString that throws": () => ({ toString: fail, [Symbol.toPrimitive]: fail }),
  "a Proxy that throws": () => new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail }),
  "a revoked Proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "a Proxy": () => new Proxy({ text: bytes("1") }, {}),
  "a promise": () => Promise.resolve("text"),
  "100 levels": () => ({ a: nested(98) }),
  "101 levels": () => ({ a: nested(100) }),
  "100,000 levels": () => ({ a: nested(1e5) }),
  "a million bytes": () => ({ a: "x".repeat(2 ** 20 - 8) }),
  "a million bytes and one": () => ({ a: "x".repeat(2 ** 20 - 7) }),
};

type Call = (v: Versioned, odd: never) => unknown;

/** What takes an argument of the caller's; `odd` goes to one place each. */
const CALLS: Readonly<Record<string, Call>> = {
  "open's store": (_, odd) => Versioned.open(odd ?? (5 as never)),
  "open's branch": (v, odd) => Versioned.open(v.store, { branch: odd }),
  "open's commit": (v, odd) => Versioned.open(v.store, { branch: "main", commit: odd }),
  "branches' store": (_, odd) => Versioned.branches(odd),
  "get's key": (v, odd) => v.get(odd),
  "getMany's keys": (v, odd) => v.getMany(odd),
  "a key of getMany": (v, odd) => v.getMany([odd]),
  "has's key": (v, odd) => v.has(odd),
  "a prefix": (v, odd) => v.keys({ prefix: odd }).toArray(),
  "a bound": (v, odd) => v.entries({ gte: odd, lt: odd }).toArray(),
  "a limit": (v, odd) => v.keys({ limit: odd }).toArray(),
  "a direction": (v, odd) => v.keys({ reverse: odd }).toArray(),
  "snapshot's updates": (v, odd) => v.snapshot(odd),
  "a pair of updates": (v, odd) => v.snapshot([["fine", bytes("1")], odd]),
  "a key of updates": (v, odd) =>
    v.snapshot([
      ["fine", bytes("1")],
      [odd, bytes("1")],
    ]),
  "a value of updates": (v, odd) => v.snapshot({ fine: bytes("1"), k: odd }),
  "snapshot's removals": (v, odd) => v.snapshot({ fine: bytes("1") }, { removals: odd }),
  "a removal": (v, odd) => v.snapshot({ fine: bytes("1") }, { removals: [odd] }),
  info: (v, odd) => v.snapshot({ fine: bytes("1") }, { info: odd }),
  "info's field": (v, odd) => v.snapshot({ fine: bytes("1") }, { info: { odd } }),
  "info in a list": (v, odd) => v.snapshot({ fine: bytes("1") }, { info: { list: [[odd]] } }),
  "mergeFrom's source": (v, odd) => v.mergeFrom(odd),
  "a source's branch": (v, odd) => v.mergeFrom({ branch: odd }),
  "a source's commit": (v, odd) => v.mergeFrom({ commit: odd }),
  "a source's tag": (v, odd) => v.mergeFrom({ tag: odd }),
  "merge's rules": (v, odd) => v.mergeFrom("other", { mergeFns: odd }),
  "a rule of a merge": (v, odd) => v.mergeFrom("other", { mergeFns: { k: odd } }),
  "merge's default": (v, odd) => v.mergeFrom("other", { defaultMerge: odd }),
  "merge's info": (v, odd) => v.mergeFrom("other", { info: odd }),
  onConflict: (v, odd) => v.mergeFrom("other", { onConflict: odd }),
  retries: (v, odd) => v.mergeFrom("other", { retries: odd }),
  dryRun: (v, odd) => v.mergeFrom("other", { dryRun: odd }),
  "resetTo's commit": (v, odd) => v.resetTo(odd),
  "transact's work": (v, odd) => (typeof odd === "function" ? undefined : v.transact(odd)),
  "transact's info": (v, odd) => v.transact(async (tx) => tx.snapshot({ fine: bytes("1") }), { info: odd }),
  "createBranch's name": (v, odd) => v.createBranch(odd),
  "createBranch's commit": (v, odd) => v.createBranch("new", { at: odd }),
  "deleteBranch's name": (v, odd) => v.deleteBranch(odd),
  "checkout's commit": (v, odd) => v.checkout(odd),
  "checkout's branch": (v, odd) => v.checkout(v.currentCommit, { branch: odd }),
  "createTag's name": (v, odd) => v.createTag(odd),
  "createTag's info": (v, odd) => v.createTag("new", { info: odd }),
  "deleteTag's name": (v, odd) => v.deleteTag(odd),
  "history's start": (v, odd) => v.history({ from: odd }).toArray(),
  "commitInfo's commit": (v, odd) => v.commitInfo(odd),
  "resolveCommit's text": (v, odd) => v.resolveCommit(odd),
  "mergeBase's commit": (v, odd) => v.mergeBase(v.currentCommit, odd),
  "diff's commit": (v, odd) => v.diff(odd, v.currentCommit),
  "changes' commit": (v, odd) => v.changes(v.currentCommit, odd).toArray(),
  "setMergeFn's key": (v, odd) => v.setMergeFn(odd, "ours"),
  "setMergeFn's rule": (v, odd) => v.setMergeFn("k", odd),
  "setContentType's type": (v, odd) => v.setContentType("k", odd),
  "getContentType's key": (v, odd) => v.getContentType(odd),
  "namespace's name": (v, odd) => v.namespace(odd),
  "Namespaced's base": (_, odd) => new Namespaced(odd, "n"),
  "a namespace's key": (v, odd) => v.namespace("n").get(odd),
  "a namespace's updates": (v, odd) => v.namespace("n").snapshot(odd),
  "a key of a namespace's updates": (v, odd) => v.namespace("n").snapshot([[odd, bytes("1")]]),
  "a namespace's rules": (v, odd) => v.namespace("n").merge({ mergeFns: odd }),
  "counter's value": (_, odd) => counter().encode(odd),
  "counter's bytes": (_, odd) => counter().decode(odd),
  "counter's options": (_, odd) => counter(odd ?? {}),
  "json's value": (_, odd) => json().encode(odd),
  "json's bytes": (_, odd) => json().decode(odd),
  "lastWriterWins' value": (_, odd) => lastWriterWins().encode(odd),
};

interface Fixture {
  readonly v: Versioned;
  readonly store: Memory;
}

async function fixture(): Promise<Fixture> {
  const store = new Memory();
  const v = await Versioned.open(store);
  await v.snapshot({ k: bytes("1") });
  await v.merge();
  const other = await v.createBranch("other");
  await other.snapshot({ k: bytes("2"), o: bytes("2") });
  await other.merge();
  await v.createTag("tag");
  await v.snapshot({ local: bytes("1") });
  return { v, store };
}

const stateOf = ({ v, store }: Fixture): unknown => [v.currentCommit, v.baseCommit, new Map(store.memory)];

/** Whether an error is one that a caller can expect: of vkv, of a wrong type or number, or their own. */
function isExpected(error: unknown): boolean {
  if (error instanceof VkvError || error instanceof Thrown) return true;
  const isPlain = error instanceof TypeError || error instanceof RangeError;
  return (
    isPlain && !/stack|invalid array length|undefined \(reading|is not iterable|is not a function/i.test(error.message)
  );
}

describe.each(Object.entries(CALLS))("%s", (name, call) => {
  it("may be of any shape: an error that says so and changes nothing, or a result", async () => {
    let f = await fixture();
    for (const [what, make] of Object.entries(ODD)) {
      const before = stateOf(f);
      try {
        await (async () => call(f.v, make() as never))();
      } catch (error) {
        if (!isExpected(error)) throw new Error(`${name}: ${what}`, { cause: error });
        expect([what, stateOf(f)]).toEqual([what, before]);
        continue;
      }
      if (isDeepStrictEqual(stateOf(f), before)) continue;
      // It worked: the handle and the store are as good as before.
      await f.v.entries().toArray();
      await f.v.snapshot({ after: bytes(what) });
      const reader = await Versioned.open(f.store, { branch: "main" });
      await reader.history({ allParents: true }).toArray();
      await reader.listTags();
      f = await fixture();
    }
    expect(Reflect.ownKeys(Object.prototype).length).toBe(OWN_KEYS);
    expect("polluted" in {}).toBe(false);
  });
});
const OWN_KEYS = Reflect.ownKeys(Object.prototype).length;

describe("what comes back", () => {
  it("is what was put under every key that is taken", async () => {
    const v = await Versioned.open();
    const keys = Object.values(ODD)
      .map((make) => make())
      .filter((key) => typeof key === "string");
    let taken = 0;
    for (const key of keys) {
      try {
        await v.snapshot([[key, bytes(key.slice(0, 9))]]);
      } catch (error) {
        expect(error).toBeInstanceOf(VkvError);
        continue;
      }
      taken++;
      expect(await v.get(key)).toEqual(bytes(key.slice(0, 9)));
      expect(await v.keys({ prefix: key, limit: 1 }).toArray()).toEqual([key]);
    }
    expect(taken).toBeGreaterThan(5);
    expect(new Set(await v.keys().toArray()).size).toBe(taken);
  });

  it("is info as it was given, however large or deep it may be", async () => {
    const v = await Versioned.open();
    for (const [what, make] of Object.entries(ODD)) {
      const info = make() as never;
      try {
        await v.snapshot(null, { info });
      } catch (error) {
        if (!isExpected(error)) throw new Error(what, { cause: error });
        continue;
      }
      if (info === undefined) continue;
      expect(JSON.stringify(await v.commitInfo())).toBe(JSON.stringify(info));
    }
  });

  it("is no value of more than 4 GiB", async () => {
    let large: Uint8Array;
    try {
      large = new Uint8Array(MAX_VALUE_BYTES + 1);
    } catch {
      return; // This engine has no such array.
    }
    const v = await Versioned.open();
    await expect(v.snapshot({ large })).rejects.toThrow(RangeError);
    expect(await v.size()).toBe(0);
  });
});
