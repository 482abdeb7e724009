/** What happened in a crash run, or in several. */
export interface Figures {
  rounds: number;
  kills: number;
  /** Steps that were acknowledged. */
  acknowledged: number;
  /** Steps that failed, with the promise that nothing happened, by the error's code. */
  refused: Record<string, number>;
  /** Steps whose writer was killed before the answer: those that turned out to have happened, and the others. */
  happened: number;
  vanished: number;
  /** Collections that were completed, and those that left the work to another one. */
  collections: number;
  superseded: number;
  /** Histories that were cut. */
  cuts: number;
  /** How often a process had to be woken (`Member.rest`). */
  wakings: number;
  /** The size of the largest data file, in bytes. */
  fileBytes: number;
  /** What was wrong: nothing. */
  losses: string[];
}

/** The figures of a run that has not begun. */
export function noFigures(): Figures {
  return {
    rounds: 0,
    kills: 0,
    acknowledged: 0,
    refused: {},
    happened: 0,
    vanished: 0,
    collections: 0,
    superseded: 0,
    cuts: 0,
    wakings: 0,
    fileBytes: 0,
    losses: [],
  };
}
