/** okra on LMDB, which waits for fsync at every commit; it has no setting for that. */
import { Tree } from "@canvas-js/okra-lmdb";
import { handle } from "./okra.mjs";

const OPTIONS = { mapSize: 2 ** 31 };

export function create({ folder }) {
  return handle(new Tree(folder, OPTIONS), (entries) => Tree.fromEntries(folder, OPTIONS, entries));
}

export function reopen(folder) {
  return handle(new Tree(folder, OPTIONS));
}
