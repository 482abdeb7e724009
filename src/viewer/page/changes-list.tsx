import type { JSX } from "preact";
import type { ChangePage, ChangeRow } from "../protocol.ts";
import { read } from "./api.ts";
import { many } from "./format.ts";
import { Nothing, Trouble, ValueStart, Waiting } from "./parts.tsx";
import { useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { hasNext, usePages } from "./use-pages.ts";
import { VirtualList } from "./virtual-list.tsx";
import { Visible } from "./visible.tsx";

const SIGNS = { added: "+", removed: "−", modified: "~" } as const;

interface ChangesProps {
  /** The earlier commit; `undefined`: what there was before is nothing. */
  readonly from: string | undefined;
  readonly to: string;
  /** The key that is shown beside the list. */
  readonly selected?: string | undefined;
}

/** The keys that differ between two commits. */
export function ChangesList({ from, to, selected }: ChangesProps): JSX.Element {
  const { version } = useRefs();
  const id = `${version} ${from} ${to}`;
  const pages = usePages<ChangePage>(id, {
    load: (loaded, signal) => {
      // All pages are of the commits of the first one, wherever branches are by now.
      const [first] = loaded;
      const of = first === undefined ? { from, to } : { from: first.from, to: first.to };
      return read("changes", { ...of, after: loaded.at(-1)?.next }, signal);
    },
    hasMore: hasNext,
  });
  const rows = pages.data?.flatMap((page) => page.rows) ?? [];
  const counts = (["added", "removed", "modified"] as const).map((type) => ({
    type,
    count: rows.filter((row) => row.type === type).length,
  }));
  return (
    <div class="fill changes">
      <p class="counts">
        {counts.map(({ type, count }) => (
          <span class={type} key={type}>
            {`${SIGNS[type]}${count.toLocaleString("en")} ${type}`}
          </span>
        ))}
        {pages.hasMore && <span class="muted">so far</span>}
      </p>
      <Trouble error={pages.error} />
      {rows.length === 0 && <Waiting isOn={pages.isLoading} />}
      {rows.length === 0 && !pages.isLoading && !pages.error && <Nothing>Nothing differs.</Nothing>}
      <VirtualList
        key={id}
        rows={rows}
        height={30}
        label={`Changes: ${many(rows.length, "key")}`}
        onEnd={pages.more}
        render={(row, _, tabIndex) => (
          <a
            class={`row change ${row.type}`}
            href={href(
              from === undefined ? "keys" : "diff",
              from === undefined ? { at: to, key: row.key } : { a: from, b: to, key: row.key },
            )}
            tabIndex={tabIndex}
            aria-current={row.key === selected ? "true" : undefined}
          >
            <Sign row={row} />
            <span class="key">
              <Visible text={row.key} />
            </span>
            <span class="values">
              {row.type !== "added" && (
                <del>
                  <ValueStart value={row.old} />
                </del>
              )}
              {row.type === "modified" && <span class="muted"> → </span>}
              {row.type !== "removed" && (
                <ins>
                  <ValueStart value={row.new} />
                </ins>
              )}
            </span>
          </a>
        )}
      />
    </div>
  );
}

function Sign({ row }: { row: ChangeRow }): JSX.Element {
  return (
    <span class="sign">
      <span aria-hidden="true">{SIGNS[row.type]}</span>
      <span class="sr">{row.type}</span>
    </span>
  );
}
