import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ConflictRow, MergeOrder, MergePreview } from "../protocol.ts";
import { order, read } from "./api.ts";
import { ConflictList, type Side } from "./conflict-list.tsx";
import { many, short } from "./format.ts";
import { Order } from "./order-dialog.tsx";
import { CommitLink, Trouble, Waiting } from "./parts.tsx";
import { RefInput } from "./ref-input.tsx";
import { useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { hasNext, usePages } from "./use-pages.ts";
import { go } from "./use-route.ts";
import { VirtualList } from "./virtual-list.tsx";
import { Visible } from "./visible.tsx";

const STRATEGIES = {
  no_op: "There is nothing to merge: the branch holds all of it.",
  fast_forward: "The branch moves to the other commit, which holds all that the branch has.",
  three_way: "A merge commit of both sides.",
} as const;

/** What merging would do, and, where that is allowed, does it. */
export function MergeView({ into: target, from }: { into: string; from: string | undefined }): JSX.Element {
  const { refs, version } = useRefs();
  const names = refs.branches.map(({ name }) => name);
  const source = from ?? names.find((name) => name !== target) ?? target;
  const key = `${version}\n${target}\n${source}`;
  const pages = usePages<MergePreview>(key, {
    load: (loaded, signal) => read("merge", { into: target, from: source, skip: loaded.at(-1)?.next }, signal),
    hasMore: hasNext,
  });
  const preview = pages.data?.at(-1);
  return (
    <section class="fill">
      <header class="bar">
        <h2 class="title">Merge</h2>
        <RefInput
          label="into"
          isBranchOnly
          value={target}
          onChange={(value) => go("merge", { into: value, from: source })}
        />
        <RefInput label="from" value={source} onChange={(value) => go("merge", { into: target, from: value })} />
        <a
          class="button"
          href={href("merge", { into: source, from: target })}
          title="The other way round"
          aria-label="Swap"
        >
          ⇄
        </a>
      </header>
      <Trouble error={pages.error} />
      {preview === undefined ? (
        <Waiting isOn={pages.isLoading} />
      ) : (
        <Preview key={key} branch={target} preview={preview} pages={pages.data ?? []} more={pages.more} />
      )}
    </section>
  );
}

interface PreviewProps {
  readonly branch: string;
  readonly preview: MergePreview;
  readonly pages: readonly MergePreview[];
  readonly more: () => void;
}

function Preview({ branch, preview, pages, more }: PreviewProps): JSX.Element {
  const { counts, strategy, base } = preview;
  const conflicts = pages.flatMap((page) => page.conflicts);
  const carried = pages.flatMap((page) => page.carried);
  const [choices, setChoices] = useState<ReadonlyMap<string, Side>>(new Map());
  // All conflicts must be seen before they can be decided.
  useEffect(() => {
    if (conflicts.length < counts.conflicts) more();
  }, [conflicts.length]);
  const choose = (keys: readonly ConflictRow[], side: Side): void =>
    setChoices(new Map([...choices, ...keys.map(({ key }): [string, Side] => [key, side])]));
  return (
    <>
      <div class="facts">
        <dl>
          <dt>Outcome</dt>
          <dd>{STRATEGIES[strategy]}</dd>
          <dt>Base</dt>
          <dd>{base === undefined ? <span class="muted">none</span> : <CommitLink id={base} />}</dd>
          {strategy === "three_way" && (
            <>
              <dt>Keys</dt>
              <dd>
                {`${counts.carried.toLocaleString("en")} taken from the other side, ${counts.ours.toLocaleString("en")} changed here only, `}
                <span class={counts.conflicts > 0 ? "removed" : ""}>{many(counts.conflicts, "conflict")}</span>
              </dd>
            </>
          )}
        </dl>
        <p>
          <a class="button" href={href("diff", { a: preview.into, b: preview.from })}>
            Compare both
          </a>{" "}
          <MergeButton branch={branch} preview={preview} choices={choices} />
        </p>
      </div>
      {counts.conflicts > 0 && (
        <ConflictList
          rows={conflicts}
          count={counts.conflicts}
          choices={choices}
          choose={choose}
          into={preview.into}
          from={preview.from}
        />
      )}
      {carried.length > 0 && (
        <>
          <h2 class="line">Taken from the other side</h2>
          <VirtualList
            rows={carried}
            height={28}
            label="Keys taken from the other side"
            onEnd={more}
            render={(key, _, tabIndex) => (
              <a class="row key" href={href("diff", { a: preview.into, b: preview.from, key })} tabIndex={tabIndex}>
                <Visible text={key} />
              </a>
            )}
          />
        </>
      )}
    </>
  );
}

interface MergeButtonProps {
  readonly branch: string;
  readonly preview: MergePreview;
  readonly choices: ReadonlyMap<string, Side>;
}

function MergeButton({ branch, preview, choices }: MergeButtonProps): JSX.Element | null {
  const { refs } = useRefs();
  const [message, setMessage] = useState("");
  const { into, from, strategy, counts } = preview;
  if (!refs.isWritable || strategy === "no_op") return null;
  const open = counts.conflicts - choices.size;
  const run = () => order("POST", "merge", { branch, into, from, choices: [...choices], message } satisfies MergeOrder);
  return (
    <Order
      label={open > 0 ? `Merge: ${open.toLocaleString("en")} to decide` : "Merge"}
      title={`Merge ${short(from)}`}
      verb="Merge"
      isDisabled={open > 0}
      run={run}
      onDone={({ commit }) => commit !== undefined && go("commit", { at: commit })}
    >
      <p>
        The branch <Visible text={branch} isWhole /> moves from <code>{short(into)}</code>. {STRATEGIES[strategy]}
      </p>
      {strategy === "three_way" && (
        <label class="field">
          <span>Message</span>
          <input value={message} onInput={(event) => setMessage(event.currentTarget.value)} />
        </label>
      )}
    </Order>
  );
}
