import type { Command } from "commander";
import { type Problem, verify } from "../../index.ts";
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
        for (const problem of json ? [] : result.problems) {
          const { kind, key, message } = problem;
          await out.line(`${out.styled("red", kind)}  ${safe(key)}  ${safe(message)}${neededBy(problem)}`);
        }
        if (!json && result.omitted > 0) await out.line(`… and ${count(result.omitted, "problem")} more`);
        return result.ok ? undefined : EXIT.no;
      }),
    );
}

/** What needs it: the contents of branches and tags, or only their history. */
function neededBy({ branches, tags, current }: Problem): string {
  const now = namesOf(current);
  if (now !== "") return ` Needed by ${now}.`;
  const then = namesOf({ branches, tags });
  return then === "" ? "" : ` Needed by older commits of ${then}.`;
}

function namesOf({ branches, tags }: Problem["current"]): string {
  return [...branches, ...tags.map((tag) => `tag ${tag}`)].map(safe).join(", ");
}
