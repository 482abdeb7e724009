import type { Command } from "commander";
import { Versioned } from "../../index.ts";
import { openAt, REVISION } from "../revision.ts";
import { count, countBytes } from "../value.ts";
import { examples, type Run } from "../verb.ts";

/** `vkv stats`: sizes. */
export function addStats(program: Command, run: Run): void {
  program
    .command("stats")
    .summary("show sizes, depth, and how much is shared")
    .description(
      "Shows how large a commit is, how deep its tree is, and how many of its nodes its first parent has, too.",
    )
    .argument("[revision]", `${REVISION}; the branch unless given`)
    .addHelpText("after", examples("vkv stats", "vkv stats v1 --json"))
    .action((revision: string | undefined, _options, verb: Command) =>
      run(verb, async (session) => {
        const { out, json } = session;
        const v = await openAt(session, revision);
        const { keys, bytes, depth, nodes, shared } = await v.stats();
        const branches = (await Versioned.branches(v.store)).length;
        const tags = (await v.listTags()).size;
        if (json) {
          await out.json({ commit: v.currentCommit, keys, bytes, depth, nodes, shared, branches, tags });
          return undefined;
        }
        const all = nodes.reduce((sum, level) => sum + level, 0);
        await out.line(`commit    ${v.currentCommit}`);
        await out.line(`contents  ${count(keys, "key")}, ${countBytes(bytes)}`);
        await out.line(
          `tree      ${count(depth, "level")}, ${count(all, "node")} (${nodes.join(" + ")}, leaves first)`,
        );
        await out.line(`shared    ${count(shared, "node")} with the first parent`);
        await out.line(`store     ${branches === 1 ? "1 branch" : `${branches} branches`}, ${count(tags, "tag")}`);
        return undefined;
      }),
    );
}
