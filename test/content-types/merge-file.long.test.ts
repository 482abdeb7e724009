import { describe, it } from "vitest";
import { hasCommand, lacks } from "../support/needs.ts";
import { expectGitsMerges } from "./merge-file.ts";

describe.skipIf(lacks("git", hasCommand("git")) || lacks("sh", hasCommand("sh", "-c")))("text", () => {
  it.each([
    [10_000, 8],
    [10_000, 24],
    [5_000, 120],
    [1_000, 1_000],
  ])("is merged as git merge-file does: %i texts of up to %i lines", async (count, size) => {
    await expectGitsMerges(count, size);
  });
});
