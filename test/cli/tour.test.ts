/** The sessions that the help text and docs/cli.md show are run, and the outputs of the page compared. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { vkv, words } from "../support/cli.ts";
import { execute, inTempFolder, root } from "../support/run.ts";

/** A command of a session, and what it prints. */
interface Step {
  readonly command: string;
  readonly output: string;
}

/** The steps of all `console` blocks of a page. */
function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [command = "", ...lines] = step.split("\n");
        return { command, output: lines.join("\n") };
      }),
  );
}

/** The time of the page's commits, in seconds: with it, their ids are always the same. */
const TIME = 1_767_268_800;

/** Runs a line of the session in this process, if it is for `vkv`, or in a shell. */
async function run(line: string): Promise<string> {
  const [program, ...args] = words(line);
  const [, name, value] = /^export (\w+)=(\S+)$/.exec(line) ?? [];
  if (name !== undefined) {
    vi.stubEnv(name, value);
    return "";
  }
  const { stdout, stderr } = await (program === "vkv" ? vkv(args) : execute("bash", ["-c", line], process.cwd()));
  return stdout + stderr;
}

describe("the tour", () => {
  it("prints what the page says", () =>
    inTempFolder(async (dir) => {
      const steps = stepsOf(await readFile(join(root, "docs/cli.md"), "utf8"));
      expect(steps.length).toBeGreaterThan(20);
      const before = process.cwd();
      process.chdir(dir);
      vi.stubEnv("SOURCE_DATE_EPOCH", String(TIME));
      vi.stubEnv("VKV_AUTHOR", undefined);
      try {
        for (const step of steps) expect({ ...step, output: await run(step.command) }).toEqual(step);
      } finally {
        vi.unstubAllEnvs();
        process.chdir(before);
      }
    }));
});

describe("the session of the help text", () => {
  it("works as it stands", () =>
    inTempFolder(async (dir) => {
      await mkdir(join(dir, "notes"));
      await writeFile(join(dir, "notes/plan.md"), "Plan A");
      const help = (await vkv(["--help"])).stdout;
      const [session = ""] = help.split("A session").slice(1);
      const lines = [...session.matchAll(/^ {2}\$ vkv (.*?)(?: {2,}#.*)?$/gm)].map(([, line = ""]) => line);
      expect(lines.length).toBeGreaterThan(8);
      for (const line of lines) {
        const args = words(line).map((word) => (word.startsWith("./") ? join(dir, word) : word));
        const interrupted = line === "ui" ? { signal: AbortSignal.timeout(100) } : {};
        const { code, stderr } = await vkv([...args, "--store", join(dir, "store")], interrupted);
        expect({ line, code, stderr }).toMatchObject({ line, code: line === "merge draft" ? 3 : 0 });
      }
      expect(await readFile(join(dir, "copy/plan.md"), "utf8")).toBe("Plan A+");
    }));
});
