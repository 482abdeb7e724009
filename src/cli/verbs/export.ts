import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import type { Versioned } from "../../index.ts";
import { safe } from "../escape.ts";
import { CliError, EXIT } from "../exit.ts";
import { type Entry, FORMATS, type Format, formatOf } from "../formats/entry.ts";
import { writeJson } from "../formats/json.ts";
import { writeNdjson } from "../formats/ndjson.ts";
import { planFolder, writeFolder } from "../formats/write-folder.ts";
import { openAt, REVISION } from "../revision.ts";
import type { Session } from "../session.ts";
import { count } from "../value.ts";
import { examples, type Run } from "../verb.ts";

interface ExportOptions {
  readonly format?: Format;
  readonly prefix?: string;
  readonly at?: string;
  readonly force?: boolean;
}

/** `vkv export`: writes the contents into a folder, a file, or to standard output. */
export function addExport(program: Command, run: Run): void {
  program
    .command("export")
    .summary("write the contents to a folder, as JSON or NDJSON")
    .description(
      "Exports into a new or empty folder (a file for each key; keys that can be no paths in it are refused), a .json or .ndjson file, or - for standard output.",
    )
    .argument("<target>", "a folder, a file, or -")
    .addOption(
      new Option("--format <format>", "what to write, if the name does not say; ndjson for - unless given").choices(
        FORMATS,
      ),
    )
    .option("--prefix <prefix>", "only keys that begin with this, without it")
    .option("--at <revision>", `the contents as they were at ${REVISION}`)
    .option("--force", "write over a file that is there")
    .addHelpText(
      "after",
      examples("vkv export ./copy", "vkv export backup.ndjson", "vkv export - --prefix docs/ | gzip > docs.gz"),
    )
    .action((target: string, options: ExportOptions, verb: Command) =>
      run(verb, async (session) => {
        const format = options.format ?? (target === "-" ? "ndjson" : (formatOf(target) ?? "folder"));
        if (target === "-" && format === "folder") {
          throw new CliError(EXIT.usage, "Standard output is no folder.", "Use --format json or ndjson.");
        }
        const v = await openAt(session, options.at);
        const prefix = options.prefix ?? "";
        const exported =
          format === "folder"
            ? await toFolder(session, v, prefix, target)
            : await toStream(session, v, { prefix, target, format, force: options.force === true });
        session.progress.clear();
        if (target === "-") return undefined;
        if (session.json) await session.out.json({ commit: v.currentCommit, target, exported });
        else await session.out.line(`Wrote ${count(exported, "key")} to ${safe(target)}.`);
        return undefined;
      }),
    );
}

async function toFolder(session: Session, v: Versioned, prefix: string, folder: string): Promise<number> {
  const { signal, progress } = session;
  const keys = v.keys({ prefix }).map((key) => key.slice(prefix.length));
  const paths = await planFolder(folder, keys);
  await writeFolder(paths, entriesOf(v, prefix, signal), (done) => progress.update("files written", done, paths.size));
  return paths.size;
}

async function toStream(
  session: Session,
  v: Versioned,
  { prefix, target, format, force }: { prefix: string; target: string; format: "json" | "ndjson"; force: boolean },
): Promise<number> {
  const size = prefix === "" ? await v.size() : undefined;
  let done = 0;
  const counted = async function* (): AsyncGenerator<Entry, void> {
    for await (const entry of entriesOf(v, prefix, session.signal)) {
      yield entry;
      session.progress.update("keys written", ++done, size);
    }
  };
  const texts = format === "json" ? writeJson(counted()) : writeNdjson(counted());
  if (target === "-") for await (const text of texts) await session.out.text(text);
  else await toFile(texts, target, force);
  return done;
}

/** Writes a file under another name, which is taken away when it is whole: what was there stays until then. */
async function toFile(texts: AsyncIterable<string>, path: string, force: boolean): Promise<void> {
  const old = await stat(path).catch(() => undefined);
  if (old !== undefined && !(force && old.isFile())) {
    const cure = old.isFile() ? "Choose another name, or give --force." : "It is no file: choose another name.";
    throw new CliError(EXIT.conflict, `${JSON.stringify(path)} is there already.`, cure);
  }
  const part = `${path}.${process.pid}.part`;
  try {
    await pipeline(texts, createWriteStream(part, { flags: "wx" }));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function* entriesOf(v: Versioned, prefix: string, signal: AbortSignal): AsyncGenerator<Entry, void> {
  for await (const [key, value] of v.entries({ prefix })) {
    signal.throwIfAborted();
    yield [key.slice(prefix.length), value];
  }
}
