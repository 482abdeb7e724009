import { boundaryHash, cutRule } from "./boundary.ts";
import type { Node } from "./node.ts";

/**
 * Whether a node begins, ends, and is not cut elsewhere, as `boundary.ts` says, as far as the node itself and the key before it
 * can tell. Of natural boundaries that is all: an entry near a boundary is none itself, as the boundary's hash is smaller.
 * Forced ones, which only chosen keys have, would take the whole stretch.
 *
 * @param before the key before its first one; `undefined`: it is the first node of its level
 * @param isLast whether it is the last node of its level
 */
export function isWellCut(node: Node, before: Uint8Array | undefined, isLast: boolean): boolean {
  const { level, count, startsForced, endsForced } = node;
  const { window, longest } = cutRule(level);
  const hashOf = (key: Uint8Array): number => boundaryHash(key, 0, key.length, level);
  const hashes = Array.from({ length: count }, (_, i) => hashOf(node.key(i)));
  const isSmallest = (hash: number, from: number, to: number): boolean =>
    hashes.slice(Math.max(0, from), to).every((other) => hash < other);
  const last = count - 1;
  if ((before === undefined && startsForced) || (isLast && endsForced)) return false;
  if (!startsForced && !endsForced && count > longest) return false;
  if (before !== undefined && !startsForced && (count < window || !isSmallest(hashOf(before), 0, window))) return false;
  const isNatural = !isLast && !endsForced;
  if (isNatural && ((count <= window && !startsForced) || !isSmallest(hashes[last] ?? 0, last - window, last))) {
    return false;
  }
  for (let i = window; i < last && i + window <= last; i++) {
    const hash = hashes[i] ?? 0;
    if (isSmallest(hash, i - window, i) && isSmallest(hash, i + 1, i + 1 + window)) return false;
  }
  return true;
}
