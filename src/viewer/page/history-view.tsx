import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { HistoryPage } from "../protocol.ts";
import { read } from "./api.ts";
import { many, short } from "./format.ts";
import { KeyTitle, Labels, Nothing, Summary, Trouble, ValueStart, Waiting } from "./parts.tsx";
import { RefInput } from "./ref-input.tsx";
import { labelsByCommit, useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { hasNext, usePages } from "./use-pages.ts";
import { go } from "./use-route.ts";
import { VirtualList } from "./virtual-list.tsx";

/** The commits that changed a key, newest first. */
export function HistoryView({ at, name }: { at: string; name: string }): JSX.Element {
  const { refs, version } = useRefs();
  const labels = useMemo(() => labelsByCommit(refs), [version]);
  const key = `${version}\n${at}\n${name}`;
  const pages = usePages<HistoryPage>(key, {
    load: (loaded, signal) =>
      read("history", { at: loaded[0]?.commit ?? at, key: name, skip: loaded.at(-1)?.next }, signal),
    hasMore: hasNext,
  });
  const rows = pages.data?.flatMap((page) => page.rows) ?? [];
  return (
    <section class="fill">
      <header class="bar">
        <h2 class="title">History</h2>
        <RefInput label="up to" value={at} onChange={(value) => go("history", { at: value, key: name })} />
        <span class="muted count">{`${many(rows.length, "change")}${pages.hasMore ? " so far" : ""}`}</span>
      </header>
      <KeyTitle name={name} />
      <Trouble error={pages.error} />
      {rows.length === 0 && <Waiting isOn={pages.isLoading} />}
      {rows.length === 0 && !pages.isLoading && !pages.error && <Nothing>No commit changed this key.</Nothing>}
      <VirtualList
        key={key}
        rows={rows}
        height={52}
        label="Changes of the key"
        onEnd={pages.more}
        render={({ commit, value }, _, tabIndex) => {
          const [parent] = commit.parents;
          const target =
            parent === undefined || commit.isCut
              ? href("keys", { at: commit.id, key: name })
              : href("diff", { a: parent, b: commit.id, key: name });
          return (
            <a class="row two" href={target} tabIndex={tabIndex}>
              <span class="line">
                <span class="id">{short(commit.id)}</span>
                <Labels labels={labels.get(commit.id)} isRow />
                <span class="grow">
                  <Summary commit={commit} />
                </span>
                {commit.isCut && <span class="note">history was cut here</span>}
              </span>
              <span class="line start">
                {value === undefined ? <span class="removed">removed</span> : <ValueStart value={value} />}
              </span>
            </a>
          );
        }}
      />
    </section>
  );
}
