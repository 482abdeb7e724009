/** How many of what there were. */
export interface Figures {
  seeds: number;
  steps: number;
  actions: number;
  /** Calls of the store that failed. */
  failures: number;
  /** Effects that came when nobody waited for them any more. */
  late: number;
  crashes: number;
  /** Collections that ran to their end. */
  collections: number;
  /** Chunks that were removed. */
  removed: number;
  /** Commits that were stored as what they changed. */
  changes: number;
  /** Nodes that were stored as differences from others. */
  differences: number;
  /** Merges and transactions that were acknowledged. */
  published: number;
  /** Calls that ended in a `SessionCollectedError`. */
  collected: number;
  /** Calls that cut histories. */
  cuts: number;
}

/** None of any. */
export function noFigures(): Figures {
  return {
    seeds: 0,
    steps: 0,
    actions: 0,
    failures: 0,
    late: 0,
    crashes: 0,
    collections: 0,
    removed: 0,
    changes: 0,
    differences: 0,
    published: 0,
    collected: 0,
    cuts: 0,
  };
}
