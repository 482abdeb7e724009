import { Memory } from "../../src/kv/memory.ts";

type Call = "get" | "getMany" | "cas" | "createMany";

/** A store into whose calls a test puts what others do meanwhile, and failures. */
export class Interrupted extends Memory {
  readonly #before: Map<Call, (() => void)[]> = new Map();
  readonly #after: Map<Call, (() => void)[]> = new Map();
  #isInside = false;

  /** Before each of the next calls of a method, one of these runs. What it throws fails the call. */
  before(call: Call, ...steps: (() => void)[]): void {
    this.#before.set(call, [...(this.#before.get(call) ?? []), ...steps]);
  }

  /** After each of the next calls of a method, one of these runs. What it throws takes the call's answer away. */
  after(call: Call, ...steps: (() => void)[]): void {
    this.#after.set(call, [...(this.#after.get(call) ?? []), ...steps]);
  }

  #around<T>(call: Call, work: () => T): T {
    if (this.#isInside) return work();
    this.#isInside = true;
    try {
      this.#before.get(call)?.shift()?.();
      const result = work();
      this.#after.get(call)?.shift()?.();
      return result;
    } finally {
      this.#isInside = false;
    }
  }

  override get(key: string): Uint8Array | undefined {
    return this.#around("get", () => super.get(key));
  }

  override getMany(...args: Parameters<Memory["getMany"]>): ReturnType<Memory["getMany"]> {
    return this.#around("getMany", () => super.getMany(...args));
  }

  override createMany(...args: Parameters<Memory["createMany"]>): ReturnType<Memory["createMany"]> {
    return this.#around("createMany", () => super.createMany(...args));
  }

  override cas(...args: Parameters<Memory["cas"]>): boolean {
    return this.#around("cas", () => super.cas(...args));
  }
}
