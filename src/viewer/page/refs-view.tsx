import type { JSX } from "preact";
import type { RefRow } from "../protocol.ts";
import { CommitLink, Nothing } from "./parts.tsx";
import { DeleteRef } from "./ref-orders.tsx";
import { useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { VirtualList } from "./virtual-list.tsx";
import { Visible } from "./visible.tsx";

/** All branches and tags. */
export function RefsView(): JSX.Element {
  const { refs } = useRefs();
  return (
    <section class="fill halves">
      <RefList kind="branch" title="Branches" rows={refs.branches} />
      <RefList kind="tag" title="Tags" rows={refs.tags} />
    </section>
  );
}

function RefList({
  kind,
  title,
  rows,
}: {
  kind: "branch" | "tag";
  title: string;
  rows: readonly RefRow[];
}): JSX.Element {
  const { refs } = useRefs();
  return (
    <div class="fill">
      <header class="bar">
        <h2 class="title">{title}</h2>
        <span class="muted count">{rows.length.toLocaleString("en")}</span>
      </header>
      {rows.length === 0 && <Nothing>There are none.</Nothing>}
      <VirtualList
        rows={rows}
        height={40}
        label={title}
        render={(row, _, tabIndex) => (
          <span class="row ref">
            <a
              class="grow"
              href={kind === "branch" ? href("graph", { of: row.name }) : href("commit", { at: row.commit })}
              tabIndex={tabIndex}
            >
              <Visible text={row.name} />
            </a>
            <CommitLink id={row.commit} />
            <a href={href("keys", { at: row.commit })}>keys</a>
            {refs.isWritable && <DeleteRef kind={kind} target={row} />}
          </span>
        )}
      />
    </div>
  );
}
