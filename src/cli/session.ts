import { BranchNotFoundError, type KVStore, Versioned } from "../index.ts";
import { safeLines } from "./escape.ts";
import { CliError, EXIT } from "./exit.ts";
import { type OpenStore, openStore } from "./open-store.ts";
import { Output, type Stream } from "./output.ts";
import { Progress } from "./progress.ts";
import { type Place, parseStoreUrl, STORE_FORMS } from "./store-url.ts";

/** The options that every verb has. */
export interface Globals {
  readonly store?: string;
  readonly branch: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Where a run reads and writes, and what interrupts it. */
export interface Surroundings {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly signal: AbortSignal;
}

/** One run of a verb: its store, which is opened when it is first needed, and where it writes. */
export class Session {
  /** Standard input. */
  readonly stdin: NodeJS.ReadStream;
  /** Standard output, for data. */
  readonly out: Output;
  /** How far it is, on a terminal. */
  readonly progress: Progress;
  /** Is aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The branch to work on. */
  readonly branch: string;
  /** Whether data is printed as JSON. */
  readonly json: boolean;
  readonly #url: string | undefined;
  readonly #stderr: Stream;
  #opened: Promise<OpenStore> | undefined;

  constructor(globals: Globals, { stdin, stdout, stderr, signal }: Surroundings) {
    this.#url = globals.store;
    this.stdin = stdin;
    this.#stderr = stderr;
    this.branch = globals.branch;
    this.json = globals.json === true;
    this.out = new Output(stdout);
    this.progress = new Progress(stderr);
    this.signal = signal;
  }

  /**
   * Where the store is.
   *
   * @throws CliError if no store, or none of a known kind, is named
   */
  get place(): Place {
    if (this.#url !== undefined && this.#url !== "") return parseStoreUrl(this.#url);
    throw new CliError(EXIT.usage, "Which store?", `Give --store or set VKV_STORE: ${STORE_FORMS}`);
  }

  /** The store. `create`: what it needs is made if it is not there. */
  async store(create = false): Promise<KVStore> {
    this.#opened ??= openStore(this.place, create);
    return (await this.#opened).store;
  }

  /** A handle on the branch, which must be there. */
  async open(branch: string = this.branch): Promise<Versioned> {
    return Versioned.open(await this.store(), { branch, create: false });
  }

  /** A handle on any branch, the session's if it is there, for what concerns the whole store. */
  async openAny(): Promise<Versioned> {
    const branches = await Versioned.branches(await this.store());
    const branch = branches.includes(this.branch) ? this.branch : branches[0];
    if (branch === undefined) throw new BranchNotFoundError(this.branch);
    return this.open(branch);
  }

  /** Tells people something that is no data, after what was printed before; fit for a terminal in any case. */
  async note(text: string): Promise<void> {
    await this.flush();
    this.#stderr.write(`${safeLines(text)}\n`);
  }

  /** Writes what is left to write. */
  async flush(): Promise<void> {
    this.progress.clear();
    await this.out.flush();
  }

  /** The same, and closes the store. */
  async end(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await (await this.#opened?.catch(() => undefined))?.close();
    }
  }
}
