/**
 * Checks a whole store, beside writers and collectors: reads what refs lead to past all caches, and says what is missing or
 * damaged, and whom that concerns.
 *
 * What is read late may be gone for good reason: a ref moved, and a collection removed what it had led to. So a finding
 * counts if a ref that leads to it is still the same afterwards, or if it is found again from where the refs are now.
 */
import type { Hash } from "../chunk/hash.ts";
import { HashSet } from "../chunk/hash-set.ts";
import { chunkKey, hashOfChunkKey } from "../chunk/key.ts";
import { FormatVersionError, InvalidNameError, VkvError } from "../errors.ts";
import { checkStore, type KVStore, pages } from "../kv/store.ts";
import { checkOptions, checkProgress, checkSignal } from "../options.ts";
import { TreeCheck } from "../tree/check.ts";
import { ChunkCheck, type HighestEpoch, isFault } from "../tree/chunk-check.ts";
import { DamageMap } from "../tree/damage.ts";
import { CommitCheck } from "./commit-check.ts";
import { CommitReader } from "./commit-walk.ts";
import { EPOCH_KEY, readEpoch } from "./epoch.ts";
import { checkFormat, FORMAT_KEY, markOf } from "./format.ts";
import { checkName } from "./names.ts";
import { chunkProblem, type FoundRef, foreignProblem, type Problem, recordProblem, refProblem } from "./problem.ts";
import { reachOf } from "./reach.ts";
import { decodeRef, REF_KINDS, refKey, refName } from "./ref.ts";
import { TailCheck } from "./tail-check.ts";
import { Tips } from "./tips.ts";

/** How many damaged chunks, and how many foreign keys, are told of one by one. */
const MAX_DAMAGE = 1000;
const MAX_FOREIGN = 100;
/** How often what was found is checked again because refs moved meanwhile. */
const MAX_ROUNDS = 5;
/** How many keys are looked at at once. */
const BATCH = 1024;

/** How to verify. */
export interface VerifyOptions {
  /** Stops it between two reads. */
  readonly signal?: AbortSignal;
  /** Is told now and then how far it is. */
  readonly onProgress?: (progress: VerifyProgress) => void;
}

/** How far a verification is. */
export interface VerifyProgress {
  /** Keys of the store that were listed. */
  readonly keys: number;
  /** Chunks that were read. */
  readonly chunks: number;
}

/** What a verification found. */
export interface Verified {
  /** Whether there are no problems. */
  readonly ok: boolean;
  /** What is wrong; empty if nothing. */
  readonly problems: readonly Problem[];
  /** How many more there are, of which none is told: 0 unless there are very many. */
  readonly omitted: number;
}

/**
 * Checks everything that branches and tags lead to: that each commit, node and value is there, has the bytes that its name
 * says, and agrees with what leads to it; and the store's own records. What nothing leads to is no problem, and is not read.
 *
 * Safe beside writers and collections. Writes and repairs nothing. Reads every chunk once, past all caches, and takes
 * about 50 bytes of memory for each.
 *
 * @throws what the store throws, or the reason of `signal`
 *
 * @example
 * import { Memory, verify, Versioned } from "vkv";
 *
 * const store = new Memory();
 * await Versioned.open(store);
 * const { ok, problems } = await verify(store);
 * for (const { key, message, branches } of problems) console.error(key, message, branches);
 * ok; // → true
 */
export async function verify(store: KVStore, options: VerifyOptions = {}): Promise<Verified> {
  checkStore(store);
  checkOptions(options, "verify", ["signal", "onProgress"]);
  checkSignal(options.signal);
  checkProgress(options.onProgress);
  return new Verification(store.authority, options).run();
}

/** All refs at one time. */
interface Refs {
  readonly sound: ReadonlyMap<string, FoundRef>;
  /** Those that cannot be read, and why. */
  readonly damaged: ReadonlyMap<string, Problem>;
}

/** A problem, and the keys of the refs that lead to it. */
interface Finding {
  readonly problem: Problem;
  readonly refs: readonly string[];
}

interface Findings {
  readonly findings: readonly Finding[];
  readonly omitted: number;
}

class Verification {
  readonly #store: KVStore;
  readonly #options: VerifyOptions;
  readonly #chunks: ChunkCheck;
  #keys = 0;
  /** The highest epoch of the refs that were read. */
  #highest: HighestEpoch = { epoch: 0, key: "" };

  constructor(store: KVStore, options: VerifyOptions) {
    this.#store = store;
    this.#options = options;
    this.#chunks = new ChunkCheck(store, () => this.#step());
  }

  async run(): Promise<Verified> {
    const { foreign, omitted, isEmpty } = await this.#listKeys();
    const { problems: marks, isKnown } = await this.#checkMark(isEmpty);
    if (!isKnown) return verified([...marks, ...foreign], omitted);
    const found = await this.#checkRefs();
    const problems = found.findings.map(({ problem }) => problem);
    const epochs = await this.#checkEpoch();
    this.#step();
    return verified([...problems, ...marks, ...epochs, ...foreign], omitted + found.omitted);
  }

  #step(): void {
    this.#options.signal?.throwIfAborted();
    this.#options.onProgress?.({ keys: this.#keys, chunks: this.#chunks.count });
  }

  async #listKeys(): Promise<{ foreign: Problem[]; omitted: number; isEmpty: boolean }> {
    const foreign: Problem[] = [];
    let omitted = 0;
    let isEmpty = true;
    for await (const keys of pages(this.#store.keys(), BATCH)) {
      this.#keys += keys.length;
      this.#step();
      for (const key of keys) {
        if (isOwn(key)) isEmpty = false;
        else if (foreign.length < MAX_FOREIGN) foreign.push(foreignProblem(key, isAmongRefs(key)));
        else omitted++;
      }
    }
    return { foreign, omitted, isEmpty };
  }

  async #checkMark(isEmpty: boolean): Promise<{ problems: Problem[]; isKnown: boolean }> {
    const mark = await this.#store.get(FORMAT_KEY);
    const cure = `set this key to the text ${JSON.stringify(markOf(this.#store))}`;
    if (mark === undefined) {
      const message = `The mark that says which format the store is in is missing. To restore it, ${cure}.`;
      return { problems: isEmpty ? [] : [recordProblem(FORMAT_KEY, message)], isKnown: true };
    }
    try {
      checkFormat(this.#store, mark);
      return { problems: [], isKnown: true };
    } catch (error) {
      if (!(error instanceof FormatVersionError)) throw error;
      const found = JSON.stringify(error.found);
      const message = `The store's format is ${found}, which this version of vkv does not know; nothing else was checked. If a later version wrote it, verify with that one. If the mark is damaged, ${cure} and verify again.`;
      return { problems: [recordProblem(FORMAT_KEY, message)], isKnown: false };
    }
  }

  /** After all else, as it may rise meanwhile. */
  async #checkEpoch(): Promise<Problem[]> {
    const met = [this.#highest, this.#chunks.highest].reduce((a, b) => (b.epoch > a.epoch ? b : a));
    const cure = "Collect no garbage before it is restored from a backup: a collection might remove what is in use.";
    let epoch: number;
    try {
      epoch = await readEpoch(this.#store);
    } catch (error) {
      if (!(error instanceof VkvError)) throw error;
      return [recordProblem(EPOCH_KEY, `${error.message} ${cure}`)];
    }
    if (met.epoch <= epoch) return [];
    const message = `By this record the latest collection is number ${epoch}, but ${met.key} is of number ${met.epoch}. ${cure}`;
    return [recordProblem(EPOCH_KEY, message)];
  }

  /** Checks what refs lead to, and again as long as what was found may be due to refs that moved meanwhile. */
  async #checkRefs(): Promise<Findings> {
    const sound = new HashSet();
    let before = new Set<string>();
    for (let round = 1; ; round++) {
      const refs = await this.#readRefs();
      const found = await this.#checkOnce(refs, sound);
      if (found.findings.length === 0) return found;
      const now = await this.#readRefs();
      const isSettled = ({ problem, refs: from }: Finding): boolean =>
        before.has(problem.key) || from.some((key) => isSame(key, refs, now));
      if (round === MAX_ROUNDS || found.findings.every(isSettled)) return found;
      before = new Set(found.findings.map(({ problem: { key } }) => key));
    }
  }

  async #readRefs(): Promise<Refs> {
    const sound = new Map<string, FoundRef>();
    const damaged = new Map<string, Problem>();
    for (const kind of REF_KINDS) {
      for await (const keys of pages(this.#store.keys(refKey(kind, "")), BATCH)) {
        this.#step();
        for (const [key, stored] of await this.#store.getMany(keys)) {
          const name = refName(kind, key);
          try {
            const ref = decodeRef(key, stored);
            if (ref.head === undefined) continue;
            sound.set(key, { key, kind, name, head: ref.head, cuts: ref.cuts });
            if (ref.epoch > this.#highest.epoch) this.#highest = { epoch: ref.epoch, key };
          } catch (error) {
            if (!(error instanceof VkvError)) throw error;
            if (isName(name)) damaged.set(key, refProblem({ key, kind, name }, "cannot be read"));
          }
        }
      }
    }
    return { sound, damaged };
  }

  async #checkOnce(refs: Refs, sound: HashSet): Promise<Findings> {
    const map = new DamageMap(MAX_DAMAGE);
    const reader = new CommitReader(this.#chunks);
    const findings = [...refs.damaged].map(([key, problem]): Finding => ({ problem, refs: [key] }));
    const sources: FoundRef[] = [];
    const tips = new Tips();
    for (const [ref, why] of await this.#findHeads([...refs.sound.values()], reader)) {
      if (why === undefined) {
        sources.push(ref);
        tips.add(ref);
      } else {
        findings.push({ problem: refProblem(ref, why), refs: [ref.key] });
      }
    }
    const trees = new TreeCheck(this.#chunks, map, sound);
    const commits = new CommitCheck(reader, trees, new TailCheck(this.#store, this.#chunks, trees, map), map);
    await commits.check(tips);
    if (map.all.length > 0) {
      map.spreadKeys();
      for (const [damage, reach] of await reachOf(reader, sources, commits.affected, map)) {
        findings.push({ problem: chunkProblem(damage, reach), refs: reach.sources.map(({ key }) => key) });
      }
    }
    return { findings, omitted: map.omitted };
  }

  /** Refs; with the reason if one leads nowhere. */
  async #findHeads(refs: readonly FoundRef[], reader: CommitReader): Promise<Map<FoundRef, string | undefined>> {
    const found = new Map<FoundRef, string | undefined>();
    for (let from = 0; from < refs.length; from += BATCH) {
      const batch = refs.slice(from, from + BATCH);
      const heads = await reader.read(batch.map(({ head }) => head));
      for (const ref of batch) {
        const head = heads.get(ref.head);
        const isMissing = isFault(head) && head.what === "missing";
        found.set(ref, isMissing ? await this.#whyLost(ref.head) : undefined);
      }
    }
    return found;
  }

  async #whyLost(head: Hash): Promise<string> {
    const isOther = await this.#store.has(chunkKey("node", head));
    return isOther ? `leads to chunk ${head}, which is no commit` : `leads to commit ${head}, which is missing`;
  }
}

function verified(problems: Problem[], omitted: number): Verified {
  return { ok: problems.length === 0, problems, omitted };
}

/** Whether a ref leads to the same, or is damaged, at two times. */
function isSame(key: string, before: Refs, now: Refs): boolean {
  if (before.damaged.has(key)) return now.damaged.has(key);
  const [a, b] = [before.sound.get(key), now.sound.get(key)];
  return a !== undefined && a.head === b?.head && a.cuts.join() === b.cuts.join();
}

/** Whether vkv may have written a key. */
function isOwn(key: string): boolean {
  if (key === FORMAT_KEY || key === EPOCH_KEY) return true;
  if (hashOfChunkKey("commit", key) !== undefined || hashOfChunkKey("node", key) !== undefined) return true;
  return REF_KINDS.some((kind) => key.startsWith(refKey(kind, "")) && isName(refName(kind, key)));
}

function isAmongRefs(key: string): boolean {
  return REF_KINDS.some((kind) => key.startsWith(refKey(kind, "")));
}

function isName(name: string): boolean {
  try {
    checkName(name);
    return true;
  } catch (error) {
    if (error instanceof InvalidNameError) return false;
    throw error;
  }
}
