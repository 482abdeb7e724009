import type { JSX } from "preact";
import { ChangesList } from "./changes-list.tsx";
import { RefInput } from "./ref-input.tsx";
import { useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { SideBySide } from "./side-by-side.tsx";
import { go } from "./use-route.ts";

interface DiffProps {
  readonly a: string;
  readonly b: string | undefined;
  readonly selected: string | undefined;
}

/** What differs between two commits: the keys, and the values of one of them side by side. */
export function DiffView({ a: from, b, selected }: DiffProps): JSX.Element {
  const { refs } = useRefs();
  const names = refs.branches.map(({ name }) => name);
  const to = b ?? names.find((name) => name !== from) ?? from;
  return (
    <section class={selected === undefined ? "fill pair" : "fill pair has-second"}>
      <div class="fill first">
        <header class="bar">
          <h2 class="title">Compare</h2>
          <RefInput label="from" value={from} onChange={(value) => go("diff", { a: value, b: to })} />
          <RefInput label="to" value={to} onChange={(value) => go("diff", { a: from, b: value })} />
          <a
            class="button"
            href={href("diff", { a: to, b: from, key: selected })}
            title="The other way round"
            aria-label="Swap"
          >
            ⇄
          </a>
        </header>
        <ChangesList from={from} to={to} selected={selected} />
      </div>
      <div class="fill second">
        {selected === undefined ? (
          <p class="nothing">Choose a key to see both values.</p>
        ) : (
          <>
            <a class="back" href={href("diff", { a: from, b: to })}>
              ← changes
            </a>
            <SideBySide a={from} b={to} name={selected} />
          </>
        )}
      </div>
    </section>
  );
}
