import { describe, expect, it } from "vitest";
import { asMergeFn, lastWriterWins } from "vkv";
import { contents, diverged } from "../versioned/helpers.ts";

describe("lastWriterWins", () => {
  const type = lastWriterWins();
  const [one, two, three] = [new Uint8Array([1]), new Uint8Array([2]), new Uint8Array([3])];

  it("takes theirs", () => {
    expect(type.merge(one, two, three)).toBe(three);
    expect(type.merge(undefined, two, three)).toBe(three);
    expect(type.merge(one, undefined, three)).toBe(three);
  });

  it("keeps a removal as a removal", () => {
    expect(type.merge(one, two, undefined)).toBeUndefined();
    expect(type.merge(one, undefined, undefined)).toBeUndefined();
  });

  it("leaves bytes as they are, and refuses anything else", () => {
    expect(type.decode(type.encode(two))).toEqual(two);
    expect(() => type.encode("text" as never)).toThrow(TypeError);
    expect(() => type.decode(undefined as never)).toThrow(TypeError);
  });

  it("decides a merge by what HEAD has", async () => {
    const { ours } = await diverged(
      { k: "old", gone: "old" },
      { k: "ours", gone: "ours" },
      { k: "theirs", gone: null },
    );
    ours.setContentType("k", type);
    await ours.merge({ mergeFns: { gone: asMergeFn(type) } });
    expect(await contents(ours)).toEqual({ k: "theirs" });
  });
});
