import type { JSX } from "preact";
import type { KeyPage, KeyRow, SearchPage } from "../protocol.ts";
import { read } from "./api.ts";
import { many } from "./format.ts";
import { Nothing, Trouble, Waiting } from "./parts.tsx";
import { useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { hasNext, usePages } from "./use-pages.ts";
import { VirtualList } from "./virtual-list.tsx";
import { Visible } from "./visible.tsx";

const ROW = 28;

/** Where one is among the keys. */
export interface Place {
  readonly at: string;
  readonly prefix: string;
  readonly selected: string | undefined;
}

/** What lies directly under a prefix. */
export function KeyTree({ at, prefix, selected }: Place): JSX.Element {
  const { version } = useRefs();
  const key = `${version}\n${at}\n${prefix}`;
  const pages = usePages<KeyPage>(key, {
    load: (loaded, signal) => read("keys", { at: loaded[0]?.commit ?? at, prefix, after: loaded.at(-1)?.next }, signal),
    hasMore: hasNext,
  });
  const rows = pages.data?.flatMap((page) => page.rows) ?? [];
  return (
    <div class="fill">
      <Trouble error={pages.error} />
      {rows.length === 0 && <Waiting isOn={pages.isLoading} />}
      {rows.length === 0 && !pages.isLoading && !pages.error && <Nothing>There are no keys here.</Nothing>}
      <VirtualList
        key={key}
        rows={rows}
        height={ROW}
        label="Keys"
        onEnd={pages.more}
        render={(row, _, tabIndex) => (
          <a
            class={row.isFolder ? "row folder" : "row key"}
            href={href(
              "keys",
              row.isFolder ? { at, prefix: row.path } : { at, prefix: prefix || undefined, key: row.path },
            )}
            tabIndex={tabIndex}
            aria-current={row.path === selected && !row.isFolder ? "true" : undefined}
          >
            <Name row={row} prefix={prefix} />
          </a>
        )}
      />
    </div>
  );
}

function Name({ row, prefix }: { row: KeyRow; prefix: string }): JSX.Element {
  const name = row.path.slice(prefix.length);
  if (name === "") return <span class="muted">(the key that is this prefix)</span>;
  return <Visible text={name} />;
}

/** The keys under a prefix that hold a text. */
export function KeySearch({ at, prefix, selected, text }: Place & { text: string }): JSX.Element {
  const { version } = useRefs();
  const key = `${version}\n${at}\n${prefix}\n${text}`;
  const pages = usePages<SearchPage>(key, {
    load: (loaded, signal) =>
      read("search", { at: loaded[0]?.commit ?? at, prefix, text, after: loaded.at(-1)?.next }, signal),
    hasMore: hasNext,
  });
  const found = pages.data?.flatMap((page) => page.keys) ?? [];
  const scanned = pages.data?.reduce((sum, page) => sum + page.scanned, 0) ?? 0;
  const progress = `${many(found.length, "key")} found among ${scanned.toLocaleString("en")}${pages.hasMore ? " so far" : ""}`;
  return (
    <div class="fill">
      <Trouble error={pages.error} />
      <p class="note" role="status">
        {progress}
      </p>
      <VirtualList
        key={key}
        rows={found}
        height={ROW}
        label="Keys found"
        onEnd={pages.more}
        render={(each, _, tabIndex) => (
          <a
            class="row key"
            href={href("keys", { at, prefix: prefix || undefined, q: text, key: each })}
            tabIndex={tabIndex}
            aria-current={each === selected ? "true" : undefined}
          >
            <Visible text={each} />
          </a>
        )}
      />
    </div>
  );
}
