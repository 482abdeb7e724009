import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { safe, safeLines } from "../escape.ts";
import { CliError, EXIT } from "../exit.ts";
import { openAt, REVISION } from "../revision.ts";
import type { Session } from "../session.ts";
import { countBytes, isShowable, preview, textOf, toJson } from "../value.ts";
import { examples, type Run } from "../verb.ts";

interface GetOptions {
  readonly at?: string;
  readonly output?: string;
}

/** `vkv get`: prints a value. */
export function addGet(program: Command, run: Run): void {
  program
    .command("get")
    .summary("print the value of a key")
    .description(
      "Prints the value of a key, byte for byte; to a terminal only if it is text. Exits with 1 if there is no such key.",
    )
    .argument("<key>")
    .option("--at <revision>", `the value as it was at ${REVISION}`)
    .option("-o, --output <file>", "write the value to a file; - is standard output")
    .addHelpText(
      "after",
      examples("vkv get title", "vkv get title --at main~2", "vkv get logo.png -o logo.png", "vkv get config | jq ."),
    )
    .action((key: string, options: GetOptions, verb: Command) =>
      run(verb, async (session) => {
        const v = await openAt(session, options.at);
        const value = await v.get(key);
        if (value === undefined) {
          const where = options.at ?? session.branch;
          throw new CliError(
            EXIT.no,
            `There is no key ${JSON.stringify(key)} at ${where}.`,
            "`vkv ls` lists the keys.",
          );
        }
        const file = options.output === "-" ? undefined : options.output;
        if (file !== undefined) await writeFile(file, value);
        if (session.json) await session.out.json({ key, commit: v.currentCommit, value: toJson(value) });
        else if (file === undefined) await show(session, value);
        else await session.note(`Wrote ${countBytes(value.length)} to ${safe(file)}.`);
        return undefined;
      }),
    );
}

async function show(session: Session, value: Uint8Array): Promise<void> {
  const { out } = session;
  if (!out.isTerminal) return out.bytes(value);
  if (isShowable(value)) return out.line(safeLines(textOf(value) ?? "").replace(/\n$/, ""));
  await out.line(preview(value));
  await session.note("It is not shown on a terminal: use a pipe, or --output FILE.");
}
