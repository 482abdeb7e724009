import type { Command } from "commander";
import { collectGarbage } from "../../index.ts";
import { duration } from "../arguments.ts";
import { count, countBytes } from "../value.ts";
import { examples, type Run } from "../verb.ts";

interface GcOptions {
  readonly minAge?: number;
}

/** `vkv gc`: removes what nothing leads to. */
export function addGc(program: Command, run: Run): void {
  program
    .command("gc")
    .summary("remove what no branch and no tag leads to")
    .description(
      "Removes commits and contents that no branch and no tag leads to. Safe beside others that read and write.",
    )
    .option("--min-age <time>", "spare what is younger: 90s, 10m, 1.5h, 7d; an hour unless given", duration)
    .addHelpText("after", examples("vkv gc", "vkv gc --min-age 7d"))
    .action((options: GcOptions, verb: Command) =>
      run(verb, async (session) => {
        const { out, json, signal, progress } = session;
        const result = await collectGarbage(await session.store(), {
          ...options,
          signal,
          onProgress: ({ phase, chunks }) => progress.update(phase === "mark" ? "in use:" : "looked at:", chunks),
        });
        progress.clear();
        if (json) await out.json(result);
        else if (!result.completed) await out.line("Another collection began meanwhile, and does the rest.");
        else
          await out.line(
            `Removed ${count(result.commits, "commit")} and ${count(result.chunks, "chunk")}, ${countBytes(result.bytes)}.`,
          );
        return undefined;
      }),
    );
}
