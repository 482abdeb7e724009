import { describe, it } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { goldenFormat } from "./format.ts";

describe("the format", () => {
  it("has the bytes and hashes that it always had", async () => {
    expectGolden(new URL("./format-4.json", import.meta.url), await goldenFormat());
  });
});
