// @ts-check
/**
 * The built package on any platform (Node, Deno, Bun): a commit, a branch and a merge in memory. Prints the resulting
 * commit id, which must be the same everywhere. Uses nothing of Node.
 */
import { Memory, Versioned } from "vkv";
import { Tiered } from "vkv/tiered";

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text);

const store = new Tiered([new Memory(), new Memory()]);
const main = await Versioned.open(store);
await main.snapshot({ a: bytes("1"), b: bytes("2"), "ключ/🔑": new Uint8Array(20_000) }, { info: { by: "smoke" } });
await main.merge();
const side = await main.createBranch("side");
await side.snapshot({ a: bytes("side"), c: bytes("3") });
await side.merge();
await main.snapshot({ b: bytes("main") }, { removals: ["ключ/🔑"] });
await main.mergeFrom("side");
await main.merge();

const text = [];
for await (const [key, value] of (await Versioned.open(store)).entries())
  text.push(key, new TextDecoder().decode(value));
if (text.join(" ") !== "a side b main c 3") throw new Error(`Wrong contents: ${text.join(" ")}`);
console.log(main.currentCommit);
