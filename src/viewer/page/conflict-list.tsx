import type { JSX } from "preact";
import type { ConflictRow } from "../protocol.ts";
import { many } from "./format.ts";
import { ValueStart } from "./parts.tsx";
import { useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { VirtualList } from "./virtual-list.tsx";
import { Visible } from "./visible.tsx";

/** Whose value a conflict takes: the branch's, or the other side's. */
export type Side = "ours" | "theirs";

const SIDES: readonly Side[] = ["ours", "theirs"];

interface ConflictsProps {
  readonly rows: readonly ConflictRow[];
  /** How many there are in all. */
  readonly count: number;
  readonly choices: ReadonlyMap<string, Side>;
  readonly choose: (rows: readonly ConflictRow[], side: Side) => void;
  readonly into: string;
  readonly from: string;
}

/** The keys that both sides changed: what each was, and what each side made of it. */
export function ConflictList({ rows, count, choices, choose, into, from }: ConflictsProps): JSX.Element {
  const { refs } = useRefs();
  return (
    <>
      <h2 class="line">
        {many(count, "conflict")}
        {refs.isWritable &&
          SIDES.map((side) => (
            <button type="button" key={side} onClick={() => choose(rows, side)}>
              {`take all ${side}`}
            </button>
          ))}
      </h2>
      <VirtualList
        rows={rows}
        height={104}
        label="Conflicts"
        render={(row, _, tabIndex) => (
          <div class="row conflict">
            <div class="line">
              <a class="key grow" href={href("diff", { a: into, b: from, key: row.key })} tabIndex={tabIndex}>
                <Visible text={row.key} />
              </a>
              {refs.isWritable && (
                <fieldset class="choice" aria-label="Take">
                  {SIDES.map((side) => (
                    <button
                      type="button"
                      key={side}
                      aria-pressed={choices.get(row.key) === side}
                      onClick={() => choose([row], side)}
                    >
                      {side}
                    </button>
                  ))}
                </fieldset>
              )}
            </div>
            <dl class="versions">
              <dt>base</dt>
              <dd>
                <ValueStart value={row.old} />
              </dd>
              <dt>ours</dt>
              <dd>
                <ValueStart value={row.ours} />
              </dd>
              <dt>theirs</dt>
              <dd>
                <ValueStart value={row.theirs} />
              </dd>
            </dl>
          </div>
        )}
      />
    </>
  );
}
