import { type Command, Option } from "commander";
import type { Info, Json } from "../index.ts";
import { safe } from "./escape.ts";

/** The options of a verb that makes a commit. */
export interface CommitOptions {
  readonly message?: string;
  readonly author?: string;
  readonly date?: string;
}

/** Gives a verb the options that say what its commit says about itself. */
export function addCommitOptions(verb: Command): Command {
  return verb
    .option("-m, --message <text>", "why: the commit's info.why")
    .addOption(new Option("--author <name>", "who: the commit's info.by").env("VKV_AUTHOR"))
    .addOption(
      new Option("--date <time>", "when: the commit's info.time, instead of now; - for none")
        .env("SOURCE_DATE_EPOCH")
        .argParser(timeOf),
    );
}

/** A time as it is given, or from seconds since 1970. */
function timeOf(text: string): string {
  const ms = Number(text) * 1000;
  return /^\d+$/.test(text) && ms <= LATEST ? new Date(ms).toISOString() : text;
}

/** The latest time that a `Date` can be, in ms. */
const LATEST = 8.64e15;

/**
 * What a commit says about itself: `why`, `by` and `time`.
 *
 * @param why what it says if no message was given
 * @param more what else it says; the options go first
 */
export function commitInfo({ message, author, date }: CommitOptions, why: string, more: Info = {}): Info {
  return {
    ...more,
    why: message ?? why,
    ...(author !== undefined && { by: author }),
    ...(date !== "-" && { time: date ?? new Date().toISOString() }),
  };
}

/** What a commit says about itself, in one line for people: why, and who and when in brackets. */
export function describeInfo(info: Info | undefined): string {
  if (info === undefined) return "(no info)";
  const { why, by, time, ...others } = info;
  const reason = why === undefined ? (Object.keys(others).length === 0 ? "" : plain(others)) : plain(why);
  const origin = [by, time].filter((part) => part !== undefined).map((part) => plain(part).replace(SECONDS, "$1 $2Z"));
  return [reason, origin.length === 0 ? "" : `(${origin.join(", ")})`].filter((part) => part !== "").join(" ");
}

/** A time as `toISOString` gives it: people do without its seconds. */
const SECONDS = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z$/;

function plain(value: Json): string {
  return safe(typeof value === "string" ? value : JSON.stringify(value));
}
