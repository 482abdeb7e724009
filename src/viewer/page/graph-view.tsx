import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { GraphPage, GraphQuery } from "../protocol.ts";
import { query } from "./api.ts";
import { many, short } from "./format.ts";
import { GraphLines, widthOf } from "./graph-lines.tsx";
import { GraphRows, hasMoreCommits } from "./graph-rows.ts";
import { Labels, Nothing, Summary, Trouble, Waiting } from "./parts.tsx";
import { labelsByCommit, useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { usePages } from "./use-pages.ts";
import { go } from "./use-route.ts";
import { VirtualList } from "./virtual-list.tsx";

const ROW = 30;

/** The commit graph, of all branches and tags or of one of them. */
export function GraphView({ of = "" }: { of?: string }): JSX.Element {
  const { refs, version } = useRefs();
  const all = [...refs.branches, ...refs.tags];
  const heads = all.filter(({ name }) => of === "" || name === of).map(({ commit }) => commit);
  const key = `${version} ${of}`;
  const graph = useMemo(() => new GraphRows(heads), [key]);
  const labels = useMemo(() => labelsByCommit(refs), [version]);
  const pages = usePages<GraphPage>(key, {
    load: (loaded, signal) => {
      graph.take(loaded);
      return query("graph", { from: graph.frontier() } satisfies GraphQuery, signal);
    },
    hasMore: hasMoreCommits,
  });
  const rows = graph.take(pages.data ?? []);
  const lanes = rows.reduce((most, { lanes: row }) => Math.max(most, row.lane, ...row.passing, ...row.below), 0) + 1;
  return (
    <section class="fill">
      <header class="bar">
        <h2 class="title">Commits</h2>
        <label class="field">
          <span>Show</span>
          <select value={of} onChange={(event) => go("graph", { of: event.currentTarget.value || undefined })}>
            <option value="">all branches and tags</option>
            {refs.branches.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <span class="muted count">{`${many(rows.length, "commit")}${pages.hasMore ? " so far" : ""}`}</span>
      </header>
      <Trouble error={pages.error} />
      {rows.length === 0 && <Waiting isOn={pages.isLoading} />}
      {rows.length === 0 && !pages.isLoading && !pages.error && <Nothing>There are no commits here.</Nothing>}
      <VirtualList
        key={key}
        rows={[...rows]}
        height={ROW}
        label="Commits"
        onEnd={pages.more}
        render={({ commit, lanes: row }, _, tabIndex) => (
          <a class="row commit" href={href("commit", { at: commit.id })} tabIndex={tabIndex}>
            <GraphLines row={row} height={ROW} width={widthOf(lanes)} />
            <Labels labels={labels.get(commit.id)} isRow />
            <span class="grow">
              <Summary commit={commit} />
            </span>
            {commit.isCut && <span class="note">history was cut here</span>}
            <span class="muted size">{many(commit.size, "key")}</span>
            <span class="id">{short(commit.id)}</span>
          </a>
        )}
      />
    </section>
  );
}
