import type { Hash } from "../../src/chunk/hash.ts";
import type { ActionKind } from "./profile.ts";

/** Something that a process does: a call of the library. */
export interface Action {
  readonly id: number;
  readonly kind: ActionKind;
  /** The branch that it is to move. */
  readonly branch: string | undefined;
  /** The step of the run in which it began. */
  readonly since: number;
  /** How many calls of the store were made to fail in it. */
  failures: number;
  /** Where it moved its branch to. */
  readonly moves: Hash[];
  /** `"lost"`: it failed, and said for certain that it published nothing. */
  state: "running" | "done" | "lost" | "unknown";
}
