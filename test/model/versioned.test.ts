import { describe, it } from "vitest";
import { versionedModelProperty } from "./property.ts";

describe("Versioned", () => {
  it("does what the model does", async () => {
    await versionedModelProperty();
  });
});
