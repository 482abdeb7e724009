/**
 * The peers. Of each: its file, what must be installed to run it, where it can keep its data, whether it can wait for fsync,
 * whether it works in processes of its own, whose memory is not seen, how many keys it takes in bearable time, and what is
 * not comparable.
 */

const memory = ["memory"];
const disk = ["disk"];
const both = ["memory", "disk"];

/** The most keys of peers that would take minutes to load more. */
const SLOW = 100_000;

export const peers = [
  {
    name: "Map",
    file: "map.mjs",
    media: memory,
    note: "a JavaScript `Map`: a floor. No versions, no copies of values.",
  },
  {
    name: "lmdb",
    file: "lmdb.mjs",
    durable: true,
    media: disk,
    note: "a floor: the latest state only. On disk in every row, without fsync but for W2d; `get` copies the value.",
  },
  {
    name: "pail",
    file: "pail.mjs",
    runtime: "npm",
    maxKeys: SLOW,
    media: memory,
    note: "a version is the hash of a root: no commits, history or branches. Its merge puts one side's changes on the other, without conflicts.",
  },
  {
    name: "okra",
    file: "okra-memory.mjs",
    runtime: "npm",
    maxKeys: SLOW,
    media: memory,
    note: "the latest state only, with a Merkle tree. Its diff is a sync with a second tree that lags one commit behind.",
  },
  {
    name: "okra-lmdb",
    file: "okra-lmdb.mjs",
    durable: true,
    runtime: "npm",
    maxKeys: SLOW,
    media: disk,
    note: "the latest state only, with a Merkle tree. On disk in every row, with an fsync a commit, which cannot be set.",
  },
  {
    name: "prolly-trees",
    file: "prolly-trees.mjs",
    runtime: "npm",
    maxKeys: SLOW,
    media: memory,
    note: "a version is the hash of a root: no commits, history, branches, diff or merge. With its own unlimited cache of nodes.",
  },
  {
    name: "hyperbee",
    file: "hyperbee.mjs",
    runtime: "npm",
    media: both,
    note: "an append-only B-tree: no Merkle tree over the keys, no merge; a version is a number, a branch a read-only snapshot. No fsync.",
  },
  {
    name: "git",
    file: "git.mjs",
    media: disk,
    forks: true,
    note: "a bare repository on disk in every row, keys as paths in trees of up to 1,000 entries; `fast-import`, `cat-file` and `diff-tree` stay open, a merge (the tree, without the commit), a branch and a history are a process each.",
  },
  {
    name: "isomorphic-git",
    file: "isomorphic-git.mjs",
    runtime: "npm",
    maxKeys: SLOW,
    media: disk,
    note: "loose objects on disk in every row, keys as paths like git's. Where loading is not what is measured, git loads.",
  },
  {
    name: "lix",
    file: "lix.mjs",
    runtime: "npm",
    media: memory,
    maxKeys: 10_000,
    note: "rows of its table of keys and values, through SQL, with base64 for bytes; every statement is a commit. Up to 10,000 keys.",
  },
  {
    name: "kvgit",
    file: "kvgit_peer.py",
    maxKeys: SLOW,
    media: both,
    runtime: "python",
    note: "Python; a hash trie, so a scan lists all keys. Gets are synchronous, without a copy. On disk in SQLite, without fsync.",
  },
  {
    name: "prollytree",
    file: "prollytree_peer.py",
    media: both,
    maxKeys: 1000,
    runtime: "python",
    note: "Rust, called from Python, with a git commit for each commit. Up to 1,000 keys.",
  },
  {
    name: "prolly-map",
    file: "prolly-map/Cargo.toml",
    media: memory,
    runtime: "cargo",
    note: "Rust, called from Rust; a version is the hash of a root: no commits, history or branches.",
  },
];
