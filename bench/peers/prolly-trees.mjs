/** prolly-trees, with its own unlimited cache of decoded nodes; a version is the hash of a root. */
import * as codec from "@ipld/dag-cbor";
import { sha256 as hasher } from "multiformats/hashes/sha2";
import { global as cache } from "prolly-trees/cache";
import { create as createMap } from "prolly-trees/map";
import { bf, simpleCompare as compare } from "prolly-trees/utils";

/** Entries a node, on average: the best of 16, 32, 64 and 128 for one-key commits. */
const FANOUT = 32;

export function create() {
  const blocks = new Map();
  let root;
  const keep = (block) => blocks.set(block.cid.toString(), block);
  const get = async (cid) => blocks.get(cid.toString());
  const options = { get, cache, chunker: bf(FANOUT), codec, hasher, compare };
  const items = (entries) => Array.from(entries, ([key, value]) => ({ key, value }));

  async function scan(prefix) {
    const { result } = await root.getRangeEntries(prefix, `${prefix}\uffff`);
    return result.map(({ key, value }) => [key, value]);
  }

  return {
    async load(entries) {
      for await (const node of createMap({ ...options, list: items(entries), sorted: false })) {
        keep(await node.block);
        cache.set(node);
        root = node;
      }
    },
    async commit(entries) {
      const result = await root.bulk(items(entries));
      for (const block of result.blocks) keep(block);
      root = result.root;
      return root.address;
    },
    async get(key) {
      try {
        return (await root.get(key)).result;
      } catch (error) {
        if (error.message === "Not found") return undefined;
        throw error;
      }
    },
    getMany: async (keys) => (await root.getMany(keys)).result.length,
    scan,
    storedBytes() {
      let bytes = 0;
      for (const block of blocks.values()) bytes += block.cid.bytes.length + block.bytes.length;
      return bytes;
    },
  };
}
