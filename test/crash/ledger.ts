import { counter } from "../../src/content-types/counter.ts";
import type { KVStore } from "../../src/kv/store.ts";
import { Versioned } from "../../src/versioned/versioned.ts";
import { holds, keyCell, refCell, type Step } from "./report.ts";

/** What a store must hold after what its writers were told. */
export class Ledger {
  readonly #cells: Map<string, string | null> = new Map();
  /** How it is known what cells hold. */
  readonly #why: Map<string, string> = new Map();
  readonly #counts: Map<string, number> = new Map();
  /** The steps without an answer, by writer. */
  readonly #open: Map<string, Step> = new Map();

  /** A writer is about to do a step. */
  begin(writer: string, step: Step): void {
    if (this.#open.has(writer)) throw new Error(`${writer} began a step within a step.`);
    this.#open.set(writer, step);
  }

  /** A writer's step happened, which is known for the reason `why`; without one, it did not happen. */
  settle(writer: string, why: string | undefined): void {
    const step = this.#open.get(writer);
    if (step === undefined) throw new Error(`${writer} ended a step that it had not begun.`);
    this.#open.delete(writer);
    if (why === undefined) return;
    for (const [cell, token] of Object.entries(step.sets)) {
      this.#cells.set(cell, token);
      this.#why.set(cell, why);
    }
    if (step.adds !== undefined) this.#counts.set(step.adds, (this.#counts.get(step.adds) ?? 0) + 1);
    if (step.drops !== undefined) {
      for (const cell of this.#cells.keys()) if (cell.startsWith(keyCell(step.drops, ""))) this.#cells.delete(cell);
    }
  }

  /**
   * Compares with what the store holds while nobody writes; returns what is wrong, and how many steps without an answer
   * happened. From then on these count as if they had been answered.
   */
  async check(store: KVStore): Promise<{ wrong: string[]; happened: number; vanished: number }> {
    const found = await Observed.read(store, this.#branches());
    const wrong: string[] = [];
    let happened = 0;
    const open = [...this.#open];
    for (const [writer, step] of open) {
      const cells = Object.entries(step.sets).filter(([cell, token]) => token !== this.#before(cell));
      const isDropped = step.drops === undefined || found.holds(refCell("branch", step.drops), null);
      const isAfter = isDropped && cells.every(([cell, token]) => found.holds(cell, token));
      const isBefore = cells.every(([cell]) => found.holds(cell, this.#before(cell)));
      if (!isAfter && !isBefore)
        wrong.push(`${writer}: of a step without an answer, a part happened: ${cells.join(" ")}`);
      this.settle(writer, isAfter ? "found after a kill" : undefined);
      if (isAfter) happened++;
    }
    for (const [cell, token] of this.#cells) {
      if (found.holds(cell, token)) continue;
      wrong.push(`${cell} should hold ${token} (${this.#why.get(cell)}), and holds ${found.describe(cell)}`);
    }
    for (const [key, times] of this.#counts) {
      const value = found.value("main", key);
      const count = value === undefined ? 0n : counter().decode(value);
      if (count !== BigInt(times)) wrong.push(`${key} should be ${times}, and is ${count}`);
    }
    return { wrong, happened, vanished: open.length - happened };
  }

  #before(cell: string): string | null {
    return this.#cells.get(cell) ?? null;
  }

  /** Every branch that a cell is in. */
  #branches(): Set<string> {
    const sets = [...this.#open.values()].flatMap((step) => Object.keys(step.sets));
    const cells = [...this.#cells.keys(), ...sets, keyCell("main", "")];
    return new Set(cells.filter((cell) => cell.startsWith("key:")).map((cell) => cell.split(":")[1] ?? ""));
  }
}

/** What is in a store: the entries of some branches, and where all refs lead. */
class Observed {
  readonly #entries: Map<string, Map<string, Uint8Array>> = new Map();
  readonly #refs: Map<string, string> = new Map();

  static async read(store: KVStore, branches: ReadonlySet<string>): Promise<Observed> {
    const observed = new Observed();
    for (const branch of await Versioned.branches(store)) {
      const v = await Versioned.open(store, { branch, create: false });
      observed.#refs.set(refCell("branch", branch), v.currentCommit);
      if (branches.has(branch)) observed.#entries.set(branch, new Map(await v.entries().toArray()));
    }
    const main = await Versioned.open(store);
    for (const [name, { commit }] of await main.listTags()) observed.#refs.set(refCell("tag", name), commit);
    return observed;
  }

  value(branch: string, key: string): Uint8Array | undefined {
    return this.#entries.get(branch)?.get(key);
  }

  holds(cell: string, token: string | null): boolean {
    const [kind, branch = "", key = ""] = cell.split(":");
    if (kind === "key") return holds(this.value(branch, key), token);
    return (this.#refs.get(cell) ?? null) === token;
  }

  describe(cell: string): string {
    const [kind, branch = "", key = ""] = cell.split(":");
    if (kind !== "key") return this.#refs.get(cell) ?? "nothing";
    const value = this.value(branch, key);
    return value === undefined
      ? "nothing"
      : `${value.length} bytes: ${new TextDecoder().decode(value.subarray(0, 20))}`;
  }
}
