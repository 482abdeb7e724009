import type { Hash } from "../chunk/hash.ts";
import type { ChunkKind } from "../chunk/key.ts";
import { ChunkStore, type SoundChunk } from "../chunk/store.ts";
import { CorruptionError } from "../errors.ts";
import type { KVStore } from "../kv/store.ts";
import type { TreeCheck } from "../tree/check.ts";
import { type ChunkCheck, isFault } from "../tree/chunk-check.ts";
import type { DamageMap, Fault } from "../tree/damage.ts";
import type { Node } from "../tree/node.ts";
import { NodeStore } from "../tree/node-store.ts";
import type { CommitRecord } from "./commit.ts";
import { CommitStore } from "./commit-store.ts";
import { tailOf, weightOf } from "./tail.ts";
import { Trees } from "./trees.ts";

/** How many bytes of nodes stay cached. */
const CACHE_BYTES = 64 * 2 ** 20;

/** A chunk that is not sound. */
class FoundFault extends CorruptionError {
  readonly kind: ChunkKind;
  readonly hash: Hash;
  readonly fault: Fault;

  constructor(kind: ChunkKind, hash: Hash, fault: Fault) {
    super(`Chunk ${hash}: ${fault.why}.`, { at: hash });
    this.kind = kind;
    this.hash = hash;
    this.fault = fault;
  }
}

/** Chunks as they are checked: one that is not sound, or not there, is a `FoundFault`. */
class CheckedChunks extends ChunkStore {
  readonly #check: ChunkCheck;

  constructor(store: KVStore, check: ChunkCheck) {
    super(store);
    this.#check = check;
  }

  override async readSound(kind: ChunkKind, hashes: readonly Hash[]): Promise<Map<Hash, SoundChunk>> {
    const sound = new Map<Hash, SoundChunk>();
    for (const [hash, chunk] of await this.#check.readAgain(kind, hashes)) {
      if (isFault(chunk)) throw new FoundFault(kind, chunk.at ?? hash, chunk);
      sound.set(hash, chunk);
    }
    return sound;
  }
}

/** A commit from which on the trees of a tail cannot be made, and why. */
interface Culprit {
  readonly hash: Hash;
  readonly fault: Fault;
}

/** Checks commits whose trees are not stored: makes the trees, and checks them as if they were. */
export class TailCheck {
  readonly #commits: CommitStore;
  readonly #made: Trees;
  readonly #trees: TreeCheck;
  readonly #damage: DamageMap;
  /** By commit whose tree cannot be made though all chunks are sound. */
  readonly #culprits: Map<Hash, Culprit> = new Map();

  constructor(store: KVStore, chunks: ChunkCheck, trees: TreeCheck, damage: DamageMap) {
    const checked = new CheckedChunks(store, chunks);
    this.#commits = new CommitStore(checked);
    this.#made = new Trees(this.#commits, new NodeStore(checked, CACHE_BYTES));
    this.#trees = trees;
    this.#damage = damage;
  }

  /** Checks the tree of a commit. Returns its place in the map of damage; `undefined` for a sound one. */
  async check(hash: Hash): Promise<number | undefined> {
    const commit = await orFault(this.#commits.load(hash));
    if (commit instanceof CorruptionError) return this.#addFault(commit, hash, []);
    const root = await orFault(this.#made.root(commit));
    if (root instanceof FoundFault) {
      const base = root.kind === "node" ? await this.#made.base(commit) : undefined;
      const below = base && (await this.#checkTree(base));
      return this.#addFault(root, hash, below === undefined ? [] : [below]);
    }
    const error = root instanceof CorruptionError ? root : await orFault(this.#checkNumbers(commit));
    if (error !== undefined) return this.#addCulprit(commit, error);
    return this.#checkTree(commit, root instanceof CorruptionError ? undefined : root);
  }

  async #checkTree(commit: CommitRecord, made?: Node): Promise<number | undefined> {
    const [place] = await this.#trees.check([{ ...commit, commit: commit.hash, made }]);
    return place;
  }

  /** Checks what a commit says of the tail up to it. */
  async #checkNumbers(commit: CommitRecord): Promise<undefined> {
    const [parent] = commit.parents;
    const tail = tailOf(commit);
    const before = parent && tailOf(await this.#commits.load(parent));
    const length = (before?.length ?? 0) + 1;
    const weight = (before?.weight ?? 0) + (tail === undefined ? 0 : weightOf(tail.edits));
    if (tail?.length === length && tail.weight === weight) return;
    throw new CorruptionError(`Its tail has ${length} commits of weight ${weight}; it says something else.`);
  }

  #addFault(error: CorruptionError, commit: Hash, below: readonly number[]): number {
    const { kind, hash, fault } =
      error instanceof FoundFault ? error : { kind: "commit" as const, hash: commit, fault: asFault(error) };
    return this.#damage.add(below, this.#damage.note(kind, hash, fault), {});
  }

  async #addCulprit(commit: CommitRecord, error: CorruptionError): Promise<number> {
    const [parent] = commit.parents;
    const known = parent && this.#culprits.get(parent);
    const culprit = known ?? (await this.#lowest(commit)) ?? { hash: commit.hash, fault: asFault(error) };
    this.#culprits.set(commit.hash, culprit);
    return this.#damage.add([], this.#damage.note("commit", culprit.hash, culprit.fault), {});
  }

  /** The lowest commit of a tail whose tree cannot be made. */
  async #lowest(commit: CommitRecord): Promise<Culprit | undefined> {
    const line: CommitRecord[] = [];
    for (let at: CommitRecord | undefined = commit; at?.note !== undefined; ) {
      line.push(at);
      const [parent]: readonly Hash[] = at.parents;
      at = parent && (await this.#commits.load(parent));
    }
    for (const each of line.reverse()) {
      const root = await orFault(this.#made.root(each));
      if (root instanceof CorruptionError) return { hash: each.hash, fault: asFault(root) };
    }
    return undefined;
  }
}

async function orFault<T>(work: Promise<T>): Promise<T | CorruptionError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CorruptionError) return error;
    throw error;
  }
}

function asFault(error: CorruptionError): Fault {
  // Its name does not cover what it changed: another copy may be better.
  return { what: "changed", why: `its tree cannot be made: ${error.message.replace(/\.$/, "")}` };
}
