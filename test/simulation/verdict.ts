import {
  BranchExistsError,
  BranchNotFoundError,
  CommitNotFoundError,
  ConcurrencyError,
  HistoryCutError,
  MergeConflict,
  SessionCollectedError,
  TagExistsError,
  TagNotFoundError,
} from "vkv";
import { refKey } from "../../src/commit/ref.ts";
import type { Action } from "./action.ts";
import type { Audit } from "./audit.ts";
import type { Figures } from "./figures.ts";
import { SimulatedFailure } from "./scheduler.ts";

/**
 * What is wrong with an error that a call ended with; `undefined`: nothing. Only errors that the documentation names for
 * the situation are right, and one that says that nothing was published must be true.
 */
export function misses(error: unknown, action: Action, audit: Audit, figures: Figures): string | undefined {
  const isUnknown = error instanceof ConcurrencyError && error.outcome === "unknown";
  const moves = action.kind === "merge" || action.kind === "transact" || action.kind === "resetTo";
  // A branch that was missing may have been created, and then only an answer is certain.
  action.state = isUnknown || !moves || wasMissing(action, audit) ? "unknown" : "lost";
  if (!isFitting(error, action, audit, figures)) {
    return `an error that does not fit: ${error instanceof Error ? error.stack : String(error)}`;
  }
  // What was published, and then rewound by another, cannot be told from what was not.
  const isThere = action.moves.some((head) => action.branch !== undefined && audit.holds(action.branch, head));
  if (action.state === "lost" && isThere) {
    return `failed with ${String(error)}, but moved the branch`;
  }
  return undefined;
}

function isFitting(error: unknown, action: Action, audit: Audit, figures: Figures): boolean {
  const headsOf = (kind: "branch" | "tag", name: string): Set<string | undefined> =>
    audit.headsSince(refKey(kind, name), action.since);
  if (error instanceof SimulatedFailure) return action.failures > 0;
  if (error instanceof ConcurrencyError) {
    return error.outcome === "unknown" ? action.failures > 0 : action.kind === "resetTo";
  }
  if (error instanceof BranchNotFoundError) return headsOf("branch", error.branch).has(undefined);
  if (error instanceof TagNotFoundError) return headsOf("tag", error.tag).has(undefined);
  if (error instanceof BranchExistsError)
    return [...headsOf("branch", error.branch)].some((head) => head !== undefined);
  if (error instanceof TagExistsError) return [...headsOf("tag", error.tag)].some((head) => head !== undefined);
  if (error instanceof CommitNotFoundError || error instanceof SessionCollectedError) {
    if (error instanceof SessionCollectedError) figures.collected++;
    return audit.removed > 0;
  }
  if (error instanceof HistoryCutError) return figures.cuts > 0;
  return error instanceof MergeConflict;
}

function wasMissing(action: Action, audit: Audit): boolean {
  return action.branch !== undefined && audit.headsDuring(action, action.branch).has(undefined);
}
