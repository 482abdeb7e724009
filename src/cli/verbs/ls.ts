import type { Command } from "commander";
import type { KeyRange } from "../../index.ts";
import { wholeNumber } from "../arguments.ts";
import { safe } from "../escape.ts";
import { openAt, REVISION } from "../revision.ts";
import { preview, toJson } from "../value.ts";
import { examples, type Run } from "../verb.ts";

interface LsOptions extends Omit<KeyRange, "prefix"> {
  readonly at?: string;
  readonly long?: boolean;
}

/** `vkv ls`: lists keys. */
export function addLs(program: Command, run: Run): void {
  program
    .command("ls")
    .summary("list keys, by prefix or range")
    .description(
      "Lists keys in order, one a line. With --json, one JSON object a line; this is exact for keys with control characters, too.",
    )
    .argument("[prefix]", "only keys that begin with this")
    .option("--gte <key>", "only keys from this one on")
    .option("--gt <key>", "only keys after this one")
    .option("--lt <key>", "only keys before this one")
    .option("--lte <key>", "only keys up to this one")
    .option("-r, --reverse", "from the last key to the first")
    .option("-n, --limit <number>", "at most so many", wholeNumber(0))
    .option("-l, --long", "sizes and values, too")
    .option("--at <revision>", `the keys that were there at ${REVISION}`)
    .addHelpText("after", examples("vkv ls", "vkv ls docs/ -l", "vkv ls --gte 2024 --lt 2025 --reverse --limit 10"))
    .action((prefix: string | undefined, { at, long, ...range }: LsOptions, verb: Command) =>
      run(verb, async (session) => {
        const { out, json, signal } = session;
        const v = await openAt(session, at);
        const scan = { ...rangeOf(range), ...(prefix !== undefined && { prefix }) };
        if (long === true) {
          for await (const [key, value] of v.entries(scan)) {
            signal.throwIfAborted();
            if (json) await out.json({ key, bytes: value.length, value: toJson(value) });
            else
              await out.line(`${String(value.length).padStart(9)}  ${safe(key)}  ${out.styled("dim", preview(value))}`);
          }
          return undefined;
        }
        for await (const key of v.keys(scan)) {
          signal.throwIfAborted();
          await (json ? out.json({ key }) : out.line(safe(key)));
        }
        return undefined;
      }),
    );
}

/** The range alone: `options` are all that the command line gave. */
function rangeOf({ gte, gt, lt, lte, reverse, limit }: LsOptions): KeyRange {
  const given = Object.entries({ gte, gt, lt, lte, reverse, limit }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
