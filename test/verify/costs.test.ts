import { describe, expect, it } from "vitest";
import { type VerifyProgress, Versioned, verify } from "vkv";
import { CountingStore } from "../support/counting-store.ts";
import { PlainMemory } from "../support/plain-memory.ts";
import { noise } from "../support/tree.ts";
import { change } from "../versioned/helpers.ts";

describe("a verification", () => {
  it.each([
    ["trees asks the store for many commits and nodes at once, and for each of them once", 0, 3000],
    ["changes asks for many at once, and for those once more of which it makes trees", 2048, 1000],
  ])("of a long history that stores %s", async (_, limit, commits) => {
    const store = new PlainMemory(limit);
    const v = await Versioned.open(store);
    await v.snapshot(Array.from({ length: 20_000 }, (_, i): [string, Uint8Array] => [`k${i}`, noise(20, i)]));
    for (let i = 0; i < commits; i++) await change(v, { [`k${(i * 7919) % 20_000}`]: `${i}` });
    await v.merge();
    const chunks = store.memory.size - 2;
    const counting = new CountingStore(store);
    let read = 0;
    const onProgress = (progress: VerifyProgress): void => {
      read = progress.chunks;
    };
    expect(await verify(counting, { onProgress })).toMatchObject({ ok: true });
    expect(read).toBe(chunks);
    const { items } = counting.count("getMany");
    // And the ref.
    if (limit === 0) expect(items).toBe(chunks + 1);
    else expect(items).toBeLessThan(2.5 * chunks);
    expect(counting.roundTrips).toBeLessThan(chunks / (limit === 0 ? 50 : 5));
  });
});
