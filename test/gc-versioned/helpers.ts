import { GCVersioned, type KVStore, type RebaseResult, type Versioned } from "vkv";
import { ViewOf } from "../support/counting-store.ts";

/** A value of so many bytes. */
export function sized(size: number): Uint8Array {
  return new Uint8Array(size).fill(7);
}

/** Sets keys to values of the given sizes. */
export function fill(v: Versioned, sizes: Readonly<Record<string, number>>): Promise<string> {
  return v.snapshot(Object.entries(sizes).map(([key, size]): [string, Uint8Array] => [key, sized(size)]));
}

/** All keys, in order, as one text. */
export async function keysOf(v: Versioned): Promise<string> {
  return (await v.keys().toArray()).join(" ");
}

/** What the last rebase dropped, as one text; `undefined` if it was not performed. */
export function droppedBy(result: RebaseResult | undefined): string | undefined {
  return result?.performed ? result.droppedKeys.join(" ") : undefined;
}

/** A branch with a high water of 100 bytes, and a low water of 50 unless it is given. */
export function openSmall(store?: KVStore, lowWaterBytes = 50, branch = "main"): Promise<GCVersioned> {
  return GCVersioned.open(store, { highWaterBytes: 100, lowWaterBytes, branch });
}

/** The same as another process opens it: without the caches of this one. */
export function reopenSmall(store: KVStore, lowWaterBytes = 50, branch = "main"): Promise<GCVersioned> {
  return openSmall(new ViewOf(store), lowWaterBytes, branch);
}

/** The history of a handle's current commit. */
export function historyOf(v: Versioned): Promise<string[]> {
  return v.history({ allParents: true }).toArray();
}
