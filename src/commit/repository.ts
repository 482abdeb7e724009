import { ChunkStore } from "../chunk/store.ts";
import type { KVStore } from "../kv/store.ts";
import { NodeStore } from "../tree/node-store.ts";
import { CommitStore } from "./commit-store.ts";
import { Trees } from "./trees.ts";

/** The layers over one store, with their caches, shared by all its handles. */
export class Repository {
  readonly store: KVStore;
  readonly chunks: ChunkStore;
  readonly nodes: NodeStore;
  readonly commits: CommitStore;
  readonly trees: Trees;

  private constructor(store: KVStore) {
    this.store = store;
    this.chunks = new ChunkStore(store);
    this.nodes = new NodeStore(this.chunks);
    this.commits = new CommitStore(this.chunks);
    this.trees = new Trees(this.commits, this.nodes);
  }

  /** The repository in a store. */
  static of(store: KVStore): Repository {
    const known = repositories.get(store);
    if (known !== undefined) return known;
    const repository = new Repository(store);
    repositories.set(store, repository);
    return repository;
  }
}

const repositories: WeakMap<KVStore, Repository> = new WeakMap();
