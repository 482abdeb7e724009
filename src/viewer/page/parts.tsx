/** Small parts that several views share. */
import type { ComponentChildren, JSX } from "preact";
import type { CommitRow, Preview } from "../protocol.ts";
import type { CallError } from "./api.ts";
import { plain } from "./escape.ts";
import { bytes, short } from "./format.ts";
import type { Label } from "./refs-context.ts";
import { href } from "./route.ts";
import { Visible } from "./visible.tsx";

/** A commit's id, as a link to it. */
export function CommitLink({ id, tabIndex }: { id: string; tabIndex?: number }): JSX.Element {
  return (
    <a class="id" href={href("commit", { at: id })} title={id} {...(tabIndex !== undefined && { tabIndex })}>
      {short(id)}
    </a>
  );
}

/** How many labels a row has: on wide screens, and on narrow ones, where page.css hides the others. */
const LABELS = { wide: 3, narrow: 1 };

interface LabelsProps {
  readonly labels: readonly Label[] | undefined;
  /** Whether there is room for a few only. */
  readonly isRow?: boolean;
}

/** The names of branches and tags. */
export function Labels({ labels = [], isRow = false }: LabelsProps): JSX.Element {
  const names = labels.map(({ name }) => plain(name));
  return (
    <>
      {labels.slice(0, isRow ? LABELS.wide : labels.length).map(({ kind, name }) => (
        <span class={`label ${kind}`} key={`${kind} ${name}`} title={plain(name)}>
          <span class="sr">{kind} </span>
          <Visible text={name} />
        </span>
      ))}
      {isRow && <Others names={names.slice(LABELS.wide)} isFor="wide" />}
      {isRow && <Others names={names.slice(LABELS.narrow)} isFor="narrow" />}
    </>
  );
}

/** How many names are left out, on screens that are wide or narrow. */
function Others({ names, isFor }: { names: readonly string[]; isFor: "wide" | "narrow" }): JSX.Element | null {
  if (names.length === 0) return null;
  return (
    <span class={`muted ${isFor}`} title={names.join("\n")}>
      {`+${names.length.toLocaleString("en")}`}
    </span>
  );
}

/** What a commit says about itself, in one line. */
export function Summary({ commit }: { commit: CommitRow }): JSX.Element {
  if (commit.info !== undefined && commit.info !== "") return <Visible text={commit.info} />;
  return <span class="muted">{commit.parents.length === 0 ? "the first commit" : "no info"}</span>;
}

/** The beginning of a value. */
export function ValueStart({ value }: { value: Preview | undefined }): JSX.Element {
  if (value === undefined) return <span class="muted">nothing</span>;
  const isText = value.kind === "text" || value.kind === "json";
  if (value.bytes === 0) return <span class="muted">empty</span>;
  if (!isText) return <span class="muted">{`${value.kind}, ${bytes(value.bytes)}`}</span>;
  return (
    <>
      <Visible text={value.start.trimEnd()} />
      {value.isCut && <span class="muted">… {bytes(value.bytes)}</span>}
    </>
  );
}

/** What went wrong. */
export function Trouble({ error }: { error: CallError | undefined }): JSX.Element | null {
  if (error === undefined) return null;
  return (
    <p class="trouble" role="alert">
      <Visible text={error.message} isWhole /> <code>{error.code}</code>
    </p>
  );
}

/** That something is on its way; nothing is said of what comes at once. */
export function Waiting({
  isOn,
  children = "Loading …",
}: {
  isOn: boolean;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <p class="waiting" role="status">
      {isOn ? children : ""}
    </p>
  );
}

/** Nothing to show, and why. */
export function Nothing({ children }: { children: ComponentChildren }): JSX.Element {
  return <p class="nothing">{children}</p>;
}

/** The name of the key that a view is about. */
export function KeyTitle({ name }: { name: string }): JSX.Element {
  return (
    <h2 class="key-title" tabIndex={0}>
      <Visible text={name} isWhole />
    </h2>
  );
}
