import { describe, expect, it, vi } from "vitest";
import * as chosen from "#sha256";
import * as portable from "../../src/hash/sha256.ts";
import { expectGolden } from "../support/golden.ts";
import { goldenFormat } from "./format.ts";

vi.mock("#sha256", () => import("../../src/hash/sha256.ts"));

describe("the format, with the hash for other platforms than Node", () => {
  it("has the same bytes and hashes", async () => {
    expect(chosen.sha256Hex).toBe(portable.sha256Hex);
    expectGolden(new URL("./format-4.json", import.meta.url), await goldenFormat());
  });
});
