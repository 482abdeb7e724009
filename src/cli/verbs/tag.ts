import type { Command } from "commander";
import { TagNotFoundError } from "../../index.ts";
import { addCommitOptions, type CommitOptions, commitInfo, describeInfo } from "../commit-info.ts";
import { safe } from "../escape.ts";
import { CliError, EXIT } from "../exit.ts";
import { openAt, REVISION, short } from "../revision.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { examples, type Run } from "../verb.ts";

interface TagOptions extends CommitOptions {
  readonly delete?: boolean;
}

/** `vkv tag`: lists, makes and deletes tags. */
export function addTag(program: Command, run: Run): void {
  const verb = program
    .command("tag")
    .summary("list, make or delete tags")
    .description(
      "Lists the tags; with a name, tags a commit for good: a tag never moves, and keeps its commit from being collected.",
    )
    .argument("[name]")
    .argument("[revision]", `what to tag, instead of the branch: ${REVISION}`)
    .option("-d, --delete", "delete the tag")
    .addHelpText("after", examples("vkv tag", 'vkv tag v1 -m "all is well"', "vkv tag before main~1", "vkv tag -d v1"));
  addCommitOptions(verb).action(
    (name: string | undefined, revision: string | undefined, options: TagOptions, self: Command) =>
      run(self, async (session) => {
        if (name === undefined && options.delete === true)
          throw new CliError(EXIT.usage, "Which tag?", "vkv tag -d NAME");
        if (name === undefined) await list(session);
        else if (options.delete === true) await remove(session, name);
        else await create(session, name, revision, options);
        return undefined;
      }),
  );
}

async function list(session: Session): Promise<void> {
  const { out, json } = session;
  const tags = [...(await (await session.openAny()).listTags())];
  if (json) {
    for (const [tag, { commit, info }] of tags) await out.json({ tag, commit, info: info ?? null });
    return;
  }
  const rows = tags.map(([tag, { commit, info }]) => [
    safe(tag),
    short(commit),
    info === undefined ? "" : describeInfo(info),
  ]);
  for (const line of table(rows)) await out.line(line);
}

async function create(
  session: Session,
  name: string,
  revision: string | undefined,
  options: TagOptions,
): Promise<void> {
  const v = await openAt(session, revision);
  const { currentCommit: commit } = v;
  const info = commitInfo(options, `tag ${name}`);
  await v.createTag(name, { info });
  if (session.json) await session.out.json({ tag: name, commit, info });
  else await session.out.line(`Tagged ${short(commit)} as ${safe(name)}.`);
}

async function remove(session: Session, name: string): Promise<void> {
  const v = await session.openAny();
  const commit = (await v.listTags()).get(name)?.commit;
  if (commit === undefined || !(await v.deleteTag(name))) throw new TagNotFoundError(name);
  if (session.json) await session.out.json({ tag: name, commit, deleted: true });
  else await session.out.line(`Deleted the tag ${safe(name)}. It was at ${short(commit)}.`);
}
