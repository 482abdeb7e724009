import type { Command } from "commander";
import type { Versioned } from "../../index.ts";
import { wholeNumber } from "../arguments.ts";
import { commitJson, commitLine } from "../commit-line.ts";
import { Graph } from "../graph.ts";
import { type Labels, readLabels } from "../labels.ts";
import { newestFirst } from "../newest-first.ts";
import { openAt, REVISION } from "../revision.ts";
import type { Session } from "../session.ts";
import { preview, toJsonOrNull } from "../value.ts";
import { examples, type Run } from "../verb.ts";

interface LogOptions {
  readonly all?: boolean;
  readonly firstParent?: boolean;
  readonly graph?: boolean;
  readonly key?: string;
  readonly limit?: number;
}

/** `vkv log`: lists commits. */
export function addLog(program: Command, run: Run): void {
  program
    .command("log")
    .summary("list commits, newest first")
    .description(
      "Lists commits, newest first: the beginning of the id, branches and tags there, and what the commit says about itself.",
    )
    .argument("[revision]", `where to begin, instead of the branch: ${REVISION}`)
    .option("-g, --graph", "draw the lines from commits to their parents")
    .option("-k, --key <key>", "only commits that changed this key, with the values that they gave it")
    .option("-n, --limit <number>", "at most so many", wholeNumber(0))
    .option("-a, --all", "begin at all branches and tags")
    .option("--first-parent", "of merges, only the branch's own line")
    .addHelpText("after", examples("vkv log --graph --all", "vkv log -n 5 draft", "vkv log --key title"))
    .action((revision: string | undefined, options: LogOptions, verb: Command) =>
      run(verb, async (session) => {
        const v = await openAt(session, revision);
        const labels = await readLabels(v);
        if (options.key !== undefined) await listKey(session, v, options.key, labels, options.limit);
        else await list(session, v, labels, options);
        return undefined;
      }),
    );
}

async function list(
  { out, json, signal }: Session,
  v: Versioned,
  labels: Labels,
  { all, graph: isGraph, firstParent, limit }: LogOptions,
): Promise<void> {
  const options = { allParents: firstParent !== true, ...(limit !== undefined && { limit }) };
  const commits = all === true ? newestFirst(v, [...labels.keys()], options) : v.history(options);
  const graph = isGraph === true && !json ? new Graph() : undefined;
  for await (const id of commits) {
    signal.throwIfAborted();
    const commit = await v.commit(id);
    if (json) {
      await out.json(commitJson(commit, labels));
      continue;
    }
    const parents = firstParent === true ? commit.parents.slice(0, 1) : commit.parents;
    const { before = [], commit: own = "", after = [] } = graph?.add({ hash: id, parents }) ?? {};
    for (const line of before) await out.line(out.styled("cyan", line));
    const lead = own === "" ? "" : `${out.styled("cyan", own)} `;
    await out.line(lead + commitLine(out, commit, labels));
    for (const line of after) await out.line(out.styled("cyan", line));
  }
}

async function listKey(
  { out, json, signal }: Session,
  v: Versioned,
  key: string,
  labels: Labels,
  limit = Number.POSITIVE_INFINITY,
): Promise<void> {
  let left = limit;
  if (left === 0) return;
  for await (const { commit: id, value } of v.keyHistory(key)) {
    signal.throwIfAborted();
    const commit = await v.commit(id);
    if (json) await out.json({ ...commitJson(commit, labels), value: toJsonOrNull(value) });
    else
      await out.line(
        `${commitLine(out, commit, labels)}  ${value === undefined ? out.styled("red", "removed") : preview(value)}`,
      );
    if (--left <= 0) return;
  }
}
