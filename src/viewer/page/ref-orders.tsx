/** What can be done to branches and tags. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CreateOrder, DeleteOrder, RefRow, ResetOrder } from "../protocol.ts";
import { order } from "./api.ts";
import { plain } from "./escape.ts";
import { short } from "./format.ts";
import { Order } from "./order-dialog.tsx";
import { useRefs } from "./refs-context.ts";
import { Visible } from "./visible.tsx";

type Kind = "branch" | "tag";

/** Creates a branch or a tag at a commit. */
export function CreateRef({ kind, commit }: { kind: Kind; commit: string }): JSX.Element {
  const [name, setName] = useState("");
  return (
    <Order
      label={`New ${kind}`}
      title={`New ${kind} at ${short(commit)}`}
      verb="Create"
      run={() => order("POST", kind, { name, commit } satisfies CreateOrder)}
    >
      <label class="field">
        <span>Name</span>
        <input
          required
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
          spellcheck={false}
          autocomplete="off"
        />
      </label>
    </Order>
  );
}

/** Deletes a branch or a tag. */
export function DeleteRef({ kind, target }: { kind: Kind; target: RefRow }): JSX.Element {
  const { name, commit } = target;
  return (
    <Order
      label="Delete"
      title={`Delete ${kind} ${plain(name)}`}
      verb="Delete"
      isDanger
      run={() => order("DELETE", kind, { name, commit } satisfies DeleteOrder)}
    >
      <p>
        The {kind} <Visible text={name} isWhole /> leads to <code>{short(commit)}</code>. Commits that no branch and no
        tag leads to any more are removed by the next collection of garbage.
      </p>
    </Order>
  );
}

/** Moves a branch to a commit. */
export function ResetBranch({ to }: { to: string }): JSX.Element | null {
  const { refs } = useRefs();
  const others = refs.branches.filter(({ commit }) => commit !== to);
  const [chosen, setChosen] = useState<string>();
  const branch = others.find(({ name }) => name === chosen) ?? others[0];
  if (branch === undefined) return null;
  const run = () => order("POST", "reset", { branch: branch.name, from: branch.commit, to } satisfies ResetOrder);
  return (
    <Order label="Reset a branch" title={`Move a branch to ${short(to)}`} verb="Move it" isDanger run={run}>
      <label class="field">
        <span>Branch</span>
        <select value={branch.name} onChange={(event) => setChosen(event.currentTarget.value)}>
          {others.map(({ name }) => (
            <option key={name} value={name}>
              {plain(name)}
            </option>
          ))}
        </select>
      </label>
      <p>
        It is at <code>{short(branch.commit)}</code> now. What only that commit leads to is no longer on the branch; a
        tag there keeps it.
      </p>
    </Order>
  );
}
