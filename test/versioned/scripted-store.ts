import { KVStore, type Memory } from "vkv";

/** A call of a store's method. */
export interface Call {
  readonly op: "get" | "set" | "remove" | "keys" | "cas";
  readonly key: string;
}

/** What a call does: as usual, answer `false` without a try (`cas` only), fail before or after it took effect. */
export type Fate = "pass" | "refuse" | "fail before" | "fail after";

/** What a scripted failure throws. */
export class ScriptedFailure extends Error {}

/** An asynchronous store of the five methods over a `Memory`: counts its calls, and lets a test decide what becomes of each. */
export class ScriptedStore extends KVStore {
  readonly inner: Memory;
  readonly calls: Call[] = [];
  /** Decides what becomes of a call; it may do other things first. */
  script: ((call: Call) => Fate | Promise<Fate>) | undefined;

  constructor(inner: Memory) {
    super();
    this.inner = inner;
  }

  override get(key: string): Promise<Uint8Array | undefined> {
    return this.#run({ op: "get", key }, () => this.inner.get(key));
  }

  override set(key: string, value: Uint8Array): Promise<void> {
    return this.#run({ op: "set", key }, () => this.inner.set(key, value));
  }

  override remove(key: string): Promise<void> {
    return this.#run({ op: "remove", key }, () => this.inner.remove(key));
  }

  override async *keys(prefix = ""): AsyncGenerator<string, void> {
    yield* await this.#run({ op: "keys", key: prefix }, () => [...this.inner.keys(prefix)]);
  }

  override cas(key: string, value: Uint8Array | undefined, expected: Uint8Array | undefined): Promise<boolean> {
    return this.#run({ op: "cas", key }, (fate) => fate !== "refuse" && this.inner.cas(key, value, expected));
  }

  async #run<T>(call: Call, work: (fate: Fate) => T): Promise<T> {
    this.calls.push(call);
    const fate = (await this.script?.(call)) ?? "pass";
    if (fate === "fail before") throw new ScriptedFailure(`${call.op} ${call.key}`);
    const result = work(fate);
    if (fate === "fail after") throw new ScriptedFailure(`${call.op} ${call.key}`);
    return result;
  }
}

/** Whether a call moves, creates or deletes a branch. */
export function isBranchCas(call: Call, branch = "main"): boolean {
  return call.op === "cas" && call.key === `b/${branch}`;
}

/** A script that gives the first call which moves the main branch a fate, and lets all others pass. */
export function firstBranchCas(fate: Fate): (call: Call) => Fate {
  let isFirst = true;
  return (call) => {
    if (!isFirst || !isBranchCas(call)) return "pass";
    isFirst = false;
    return fate;
  };
}
