import { CommanderError } from "commander";
import { safeLines } from "./escape.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { explain, toLines } from "./explain.ts";
import { globalsOf, makeProgram } from "./program.ts";
import { Session, type Surroundings } from "./session.ts";
import type { Run } from "./verb.ts";

/**
 * Runs a command line: does what it says, and tells people what went wrong, if something did.
 *
 * @param args what stands after `vkv`
 * @returns what to exit with
 */
export async function runCommandLine(
  args: readonly string[],
  version: string,
  around: Surroundings,
): Promise<ExitCode> {
  const { stdout, stderr } = around;
  let exitCode: ExitCode = EXIT.ok;
  const fail = (error: unknown, isVerbose: boolean): void => {
    const explained = explain(error);
    exitCode = explained.exitCode;
    stderr.write(toLines(explained));
    if (isVerbose && error instanceof Error) stderr.write(`${safeLines(error.stack ?? "")}\n`);
  };
  const run: Run = async (verb, work) => {
    const globals = globalsOf(verb);
    const session = new Session(globals, around);
    try {
      exitCode = (await work(session)) ?? EXIT.ok;
    } catch (error) {
      // What was found before is data.
      await session.flush();
      fail(error, globals.verbose === true);
    }
    await session.end().catch((error: unknown) => fail(error, globals.verbose === true));
  };
  const program = makeProgram(version, run, {
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
    outputError: (text, write) => write(safeLines(inOneLine(text.replace(/^error: /, "vkv: ")))),
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return exitCode;
}

/** An error of the command line, without the line of its own that a proposal for what was misspelt has. */
function inOneLine(text: string): string {
  return text.replace(/\n\((.*)\)\n$/, ". $1\n");
}
