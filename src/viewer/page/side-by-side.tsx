import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Value } from "../protocol.ts";
import { read } from "./api.ts";
import { bytes } from "./format.ts";
import { type DiffRow, folded, type Line, sideBySide } from "./line-diff.ts";
import { KeyTitle, Nothing, Trouble, Waiting } from "./parts.tsx";
import { prettyJson } from "./pretty-json.ts";
import { useRefs } from "./refs-context.ts";
import { useLoad } from "./use-load.ts";
import { VisibleLines } from "./visible.tsx";

/** How many rows are shown at first. */
const MOST = 1000;
/** How many pieces of each line. */
const MOST_PIECES = 200;

/** The values of a key in two commits, side by side. */
export function SideBySide({ a, b, name }: { a: string; b: string; name: string }): JSX.Element {
  const { version } = useRefs();
  const { data, error, isLoading } = useLoad<[Value, Value]>(`${version}\n${a}\n${b}\n${name}`, (signal) =>
    Promise.all([
      read<Value>("value", { at: a, key: name }, signal),
      read<Value>("value", { at: b, key: name }, signal),
    ]),
  );
  return (
    <div class="fill value">
      <KeyTitle name={name} />
      <Trouble error={error} />
      {data === undefined ? <Waiting isOn={isLoading} /> : <Sides left={data[0]} right={data[1]} />}
    </div>
  );
}

function Sides({ left, right }: { left: Value; right: Value }): JSX.Element {
  const isJson = [left, right].every(({ found }) => found === undefined || (found.kind === "json" && found.isWhole));
  const texts = [left, right].map(({ found }) => textOf(found, isJson));
  const rows = useMemo(() => sideBySide(texts[0] ?? "", texts[1] ?? ""), [left, right]);
  const isCut = [left, right].some(({ found }) => found !== undefined && !found.isWhole);
  return (
    <>
      <div class="sides head">
        <SideTitle value={left} title="Before" />
        <SideTitle value={right} title="After" />
      </div>
      {isCut && <p class="note">Only the beginnings are compared: 256 KiB of a text, 4 KiB of bytes.</p>}
      {rows.length === 0 ? <Nothing>Both are empty.</Nothing> : <Rows rows={rows} />}
    </>
  );
}

function SideTitle({ value, title }: { value: Value; title: string }): JSX.Element {
  const { found } = value;
  return (
    <span>
      {title} <span class="muted">{found === undefined ? "not there" : `${found.kind}, ${bytes(found.bytes)}`}</span>
    </span>
  );
}

/** What is compared: a text, or the digits of bytes, in lines. */
function textOf(value: Value["found"], isJson: boolean): string {
  if (value === undefined) return "";
  if (value.text !== undefined) return isJson ? prettyJson(value.text) : value.text;
  return (value.hex.match(/.{1,32}/g) ?? []).map((line) => (line.match(/../g) ?? []).join(" ")).join("\n");
}

function Rows({ rows }: { rows: readonly DiffRow[] }): JSX.Element {
  const [isAll, setAll] = useState(rows.length <= MOST);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const shown = isAll ? rows : rows.slice(0, MOST);
  return (
    <section class="diff" tabIndex={0} aria-label="Both values, side by side">
      {folded(shown).map((part, i) =>
        "hidden" in part && !open.has(i) ? (
          <button type="button" class="fold" key={i} onClick={() => setOpen(new Set([...open, i]))}>
            {`${part.hidden.length.toLocaleString("en")} equal lines`}
          </button>
        ) : (
          ("hidden" in part ? part.hidden : part.rows).map((row, j) => <Row key={`${i} ${j}`} row={row} />)
        ),
      )}
      {!isAll && (
        <button type="button" class="fold" onClick={() => setAll(true)}>
          {`Show all ${rows.length.toLocaleString("en")} lines`}
        </button>
      )}
    </section>
  );
}

function Row({ row }: { row: DiffRow }): JSX.Element {
  return (
    <div class={row.isSame ? "sides same" : "sides differs"}>
      <Cell line={row.left} mark={row.isSame ? " " : "−"} type="removed" />
      <Cell line={row.right} mark={row.isSame ? " " : "+"} type="added" />
    </div>
  );
}

function Cell({ line, mark, type }: { line: Line | undefined; mark: string; type: string }): JSX.Element {
  if (line === undefined) return <div class="cell absent" />;
  return (
    <div class={`cell ${type}`}>
      <span class="number">{line.number}</span>
      <span class="mark">{mark}</span>
      <span class="content">
        <VisibleLines text={line.text} most={MOST_PIECES} />
      </span>
    </div>
  );
}
