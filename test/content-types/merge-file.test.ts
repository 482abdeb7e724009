import { describe, it } from "vitest";
import { hasCommand, lacks } from "../support/needs.ts";
import { expectGitsMerges } from "./merge-file.ts";

describe.skipIf(lacks("git", hasCommand("git")) || lacks("sh", hasCommand("sh", "-c")))("text", () => {
  it("is merged as git merge-file does", async () => {
    await expectGitsMerges(700, 24);
    await expectGitsMerges(300, 120);
  });
});
