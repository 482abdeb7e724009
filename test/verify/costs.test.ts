import { describe, expect, it } from "vitest";
import { Memory, type VerifyProgress, Versioned, verify } from "vkv";
import { CountingStore } from "../support/counting-store.ts";
import { noise } from "../support/tree.ts";
import { change } from "../versioned/helpers.ts";

describe("a verification", () => {
  it("of a long history asks the store for many commits and nodes at once, and for each of them once", async () => {
    const store = new Memory();
    const v = await Versioned.open(store);
    await v.snapshot(Array.from({ length: 20_000 }, (_, i): [string, Uint8Array] => [`k${i}`, noise(20, i)]));
    for (let i = 0; i < 3000; i++) await change(v, { [`k${(i * 7919) % 20_000}`]: `${i}` });
    await v.merge();
    const chunks = store.memory.size - 2;
    const counting = new CountingStore(store);
    let read = 0;
    const onProgress = (progress: VerifyProgress): void => {
      read = progress.chunks;
    };
    expect(await verify(counting, { onProgress })).toMatchObject({ ok: true });
    expect(read).toBe(chunks);
    // And the ref.
    expect(counting.count("getMany").items).toBe(chunks + 1);
    expect(counting.roundTrips).toBeLessThan(chunks / 50);
  });
});
