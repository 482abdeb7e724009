import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { plain } from "./escape.ts";
import { useRefs } from "./refs-context.ts";

interface RefInputProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Whether only branches are offered, without tags. */
  readonly isBranchOnly?: boolean;
}

/** Chooses a branch, a tag, or a commit by its id. */
export function RefInput({ label, value, onChange, isBranchOnly = false }: RefInputProps): JSX.Element {
  const id = useId();
  const { refs } = useRefs();
  const tags = isBranchOnly ? [] : refs.tags;
  return (
    <label class="field">
      <span>{label}</span>
      <input
        key={value}
        list={id}
        defaultValue={value}
        spellcheck={false}
        autocomplete="off"
        onChange={(event) => {
          const text = event.currentTarget.value.trim();
          if (text !== "" && text !== value) onChange(text);
        }}
      />
      <datalist id={id}>
        {[...refs.branches, ...tags].map(({ name }) => (
          <option key={name} value={name} label={plain(name)} />
        ))}
      </datalist>
    </label>
  );
}
