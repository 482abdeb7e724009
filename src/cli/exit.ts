/** The codes that `vkv` exits with. `docs/cli.md` and the help text describe them. */
export const EXIT = {
  /** Done; "yes". */
  ok: 0,
  /** Not found; "no". */
  no: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A conflict: of changes, of names, or a lost race. */
  conflict: 3,
  /** The store, a file or data cannot be read, written or understood. */
  trouble: 4,
  /** Interrupted, by Ctrl-C for one. */
  interrupted: 130,
} as const;

/** One of them. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the program: what is wrong in one line, what can be done about it in another. */
export class CliError extends Error {
  /** What the program exits with. */
  readonly exitCode: ExitCode;
  /** What can be done. */
  readonly cure: string;

  constructor(exitCode: ExitCode, message: string, cure: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
    this.cure = cure;
  }

  override get name(): string {
    return "CliError";
  }
}
