import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { Command } from "commander";
import { commitChanges, printMoved } from "../commit-changes.ts";
import { addCommitOptions, type CommitOptions, commitInfo } from "../commit-info.ts";
import { CliError, EXIT } from "../exit.ts";
import type { Session } from "../session.ts";
import { examples, type Run } from "../verb.ts";

interface SetOptions extends CommitOptions {
  readonly file?: string;
}

/** `vkv set`: commits a value. */
export function addSet(program: Command, run: Run): void {
  const verb = program
    .command("set")
    .summary("set the value of a key, in a commit")
    .description(
      "Sets a key to a value: the argument, the bytes of a file, or those of standard input. Makes a commit.",
    )
    .argument("<key>")
    .argument("[value]", "the value, as text; without it and --file, standard input")
    .option("-f, --file <file>", "take the value from a file; - is standard input")
    .addHelpText(
      "after",
      examples(
        'vkv set title "A plan" -m "first draft"',
        "vkv set logo.png --file logo.png",
        "date | vkv set built-at",
      ),
    );
  addCommitOptions(verb).action((key: string, value: string | undefined, options: SetOptions, self: Command) =>
    run(self, async (session) => {
      const bytes = await readValue(session, value, options.file);
      const moved = await commitChanges(session, commitInfo(options, `set ${key}`), async (tx) => {
        await tx.snapshot([[key, bytes]]);
      });
      await printMoved(session, moved, options.message ?? `set ${key}`);
      return undefined;
    }),
  );
}

async function readValue({ stdin }: Session, value: string | undefined, file: string | undefined): Promise<Uint8Array> {
  if (value !== undefined && file !== undefined) {
    throw new CliError(EXIT.usage, "There are two values: an argument, and --file.", "Give one of them.");
  }
  if (value?.includes("\uFFFD")) {
    throw new CliError(
      EXIT.usage,
      "The value is no UTF-8, or has a U+FFFD.",
      "Give it with --file, or through a pipe.",
    );
  }
  if (value !== undefined) return new TextEncoder().encode(value);
  if (file !== undefined && file !== "-") return readFile(file);
  if (file === undefined && stdin.isTTY) {
    throw new CliError(EXIT.usage, "Which value?", "Give it as an argument, with --file, or through a pipe.");
  }
  return buffer(stdin);
}
