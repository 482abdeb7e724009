/** pail: keys lead to hashes of values; a version is the hash of a root. */
import { entries, get, put } from "@web3-storage/pail";
import { create as createBatch } from "@web3-storage/pail/batch";
import { MemoryBlockstore } from "@web3-storage/pail/block";
import { difference } from "@web3-storage/pail/diff";
import { merge } from "@web3-storage/pail/merge";
import { ShardBlock } from "@web3-storage/pail/shard";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { sha256 } from "multiformats/hashes/sha2";

/** Below, single puts are faster than a batch. */
const BATCH_FROM = 2;

export async function create() {
  const blocks = new MemoryBlockstore();
  const first = await ShardBlock.create();
  blocks.putSync(first.cid, first.bytes);
  let root = first.cid;

  async function store(value) {
    const cid = CID.create(1, raw.code, await sha256.digest(value));
    blocks.putSync(cid, value);
    return cid;
  }

  /** The root with `list` put on top of `base`. */
  async function putAll(base, list) {
    if (list.length < BATCH_FROM) {
      const [[key, value]] = list;
      return keep(await put(blocks, base, key, await store(value)));
    }
    const batch = await createBatch(blocks, base);
    for (const [key, value] of list) await batch.put(key, await store(value));
    return keep(await batch.commit());
  }

  function keep(result) {
    for (const { cid, bytes } of result.additions) blocks.putSync(cid, bytes);
    return result.root;
  }

  const commit = async (list) => {
    root = await putAll(root, Array.isArray(list) ? list : [...list]);
    return root;
  };

  async function* iterate(prefix) {
    for await (const [key, cid] of entries(blocks, root, { prefix })) yield [key, (await blocks.get(cid)).bytes];
  }

  return {
    load: commit,
    commit,
    async get(key) {
      const cid = await get(blocks, root, key);
      return cid === undefined ? undefined : (await blocks.get(cid)).bytes;
    },
    async scan(prefix) {
      const found = [];
      for await (const entry of iterate(prefix)) found.push(entry);
      return found;
    },
    iterate,
    diff: async (a, b) => (await difference(blocks, a, b)).keys.length,
    async sides(ours, theirs) {
      const base = root;
      return { base, targets: [await putAll(base, theirs), await putAll(base, ours)] };
    },
    async merge({ base, targets }) {
      root = keep(await merge(blocks, base, targets));
    },
    storedBytes() {
      let bytes = 0;
      for (const block of blocks.entries()) bytes += block.cid.bytes.length + block.bytes.length;
      return bytes;
    },
  };
}
