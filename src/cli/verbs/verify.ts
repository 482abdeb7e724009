import type { Command } from "commander";
import { verify } from "../../index.ts";
import { safe } from "../escape.ts";
import { EXIT } from "../exit.ts";
import { count } from "../value.ts";
import { examples, type Run } from "../verb.ts";

/** `vkv verify`: looks for damage. */
export function addVerify(program: Command, run: Run): void {
  program
    .command("verify")
    .summary("look for what is missing or damaged")
    .description(
      "Reads everything in the store, and says what is missing or damaged and which branches and tags need it. Exits with 1 if there is something.",
    )
    .addHelpText("after", examples("vkv verify", "vkv verify --json | jq .problems"))
    .action((_options, self: Command) =>
      run(self, async (session) => {
        const { out, json, signal, progress } = session;
        const onProgress = ({ keys, chunks }: { keys: number; chunks: number }): void => {
          progress.update(chunks === 0 ? "keys listed:" : "chunks checked:", chunks === 0 ? keys : chunks);
        };
        const result = await verify(await session.store(), { signal, onProgress });
        progress.clear();
        if (json) await out.json(result);
        else if (result.ok) await out.line("Everything is there, and as it should be.");
        for (const { kind, message, current } of json ? [] : result.problems) {
          const names = [...current.branches, ...current.tags.map((tag) => `tag ${tag}`)];
          const needed = names.length === 0 ? "" : ` Needed by ${names.map(safe).join(", ")}.`;
          await out.line(`${out.styled("red", kind)}  ${safe(message)}${needed}`);
        }
        if (!json && result.omitted > 0) await out.line(`… and ${count(result.omitted, "problem")} more`);
        return result.ok ? undefined : EXIT.no;
      }),
    );
}
