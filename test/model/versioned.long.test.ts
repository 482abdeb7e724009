import { describe, it } from "vitest";
import { versionedModelProperty } from "./property.ts";

describe("Versioned", () => {
  it("does what the model does, for long", async () => {
    await versionedModelProperty(undefined, { numRuns: 1000, steps: 100 });
  });
});
