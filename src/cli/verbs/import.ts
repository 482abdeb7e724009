import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type Command, Option } from "commander";
import { wholeNumber } from "../arguments.ts";
import { printMoved } from "../commit-changes.ts";
import { addCommitOptions, type CommitOptions, commitInfo } from "../commit-info.ts";
import { safe } from "../escape.ts";
import { CliError, EXIT } from "../exit.ts";
import { FORMATS, type Format, type FoundEntry, formatOf } from "../formats/entry.ts";
import { readJson } from "../formats/json.ts";
import { readNdjson } from "../formats/ndjson.ts";
import { listFolder, readFolder } from "../formats/read-folder.ts";
import { importEntries } from "../import-entries.ts";
import type { Session } from "../session.ts";
import { shellWord } from "../shell-word.ts";
import { count } from "../value.ts";
import { examples, type Run } from "../verb.ts";

interface ImportOptions extends CommitOptions {
  readonly format?: Format;
  readonly prefix?: string;
  readonly replace?: boolean;
  readonly batch?: number;
}

/** What is imported: its entries, and how many there are, if that is known before. */
interface Source {
  readonly entries: AsyncIterable<FoundEntry>;
  readonly total: number | undefined;
}

/** `vkv import`: commits the contents of a folder, of a file or of standard input. */
export function addImport(program: Command, run: Run): void {
  const verb = program
    .command("import")
    .summary("commit a folder of files, JSON or NDJSON")
    .description(
      "Imports a folder (the paths of its files are the keys; links are not followed), a .json or .ndjson file, or - for standard input, in one commit. If it is interrupted, the branch stays as it was. All values are in memory until they are committed, unless --batch is given.",
    )
    .argument("<source>", "a folder, a file, or -")
    .addOption(
      new Option("--format <format>", "what it is, if its name does not say; ndjson for - unless given").choices(
        FORMATS,
      ),
    )
    .option("--prefix <prefix>", "put this before all keys")
    .option("--replace", "remove the keys (under --prefix) that are not in the source")
    .option("--batch <number>", "a commit for every so many keys: takes less memory", wholeNumber(1))
    .addHelpText(
      "after",
      examples(
        "vkv import ./site",
        "vkv import ./docs --prefix docs/ --replace -m 'docs of today'",
        "vkv export - --branch main | vkv import - --store redis://localhost",
      ),
    );
  addCommitOptions(verb).action((source: string, options: ImportOptions, self: Command) =>
    run(self, async (session) => {
      const { prefix, replace, batch } = options;
      const { entries, total } = await openSource(session, source, options.format);
      const what = `import ${source === "-" ? "standard input" : source}`;
      const onEntry = (done: number): void => session.progress.update("keys read", done, total);
      const { set, removed, ...moved } = await importEntries(session, entries, {
        info: commitInfo(options, what),
        prefix: prefix ?? "",
        replace: replace === true,
        batch,
        onEntry,
      });
      session.progress.clear();
      const summary = `${options.message ?? what} (${count(set, "key")}${removed === 0 ? "" : `, ${removed} removed`})`;
      await printMoved(session, moved, summary, { set, removed });
      return undefined;
    }),
  );
}

async function openSource(session: Session, source: string, given: Format | undefined): Promise<Source> {
  if (source === "-") return openStream(session.stdin, "standard input", given ?? "ndjson");
  const isFolder = (await stat(source)).isDirectory();
  if (given !== undefined && isFolder !== (given === "folder")) {
    throw new CliError(
      EXIT.usage,
      `${JSON.stringify(source)} is ${isFolder ? "a folder" : "no folder"}.`,
      "Is --format right?",
    );
  }
  if (!isFolder) {
    const format = given ?? formatOf(source);
    if (format !== undefined) return openStream(createReadStream(source), source, format);
    const cure = `Give --format. For the file as one value: vkv set KEY --file ${shellWord(source)}`;
    throw new CliError(EXIT.usage, `What is in ${JSON.stringify(source)}, json or ndjson?`, cure);
  }
  const { place } = session;
  const { files, skipped } = await listFolder(source, place.kind === "disk" ? place.folder : undefined);
  if (skipped.length > 0) {
    const names = `${skipped.slice(0, 3).map(safe).join(", ")}${skipped.length > 3 ? ", …" : ""}`;
    await session.note(`Passed over ${skipped.length} that are links, no files, or the store itself: ${names}`);
  }
  return { entries: readFolder(source, files), total: files.length };
}

function openStream(chunks: AsyncIterable<Uint8Array>, name: string, format: Format): Source {
  if (format === "folder")
    throw new CliError(EXIT.usage, "Standard input is no folder.", "Use --format json or ndjson.");
  return { entries: format === "json" ? readJson(chunks, name) : readNdjson(chunks, name), total: undefined };
}
