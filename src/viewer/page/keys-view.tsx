import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { KeySearch, KeyTree } from "./key-lists.tsx";
import { RefInput } from "./ref-input.tsx";
import { href } from "./route.ts";
import { go } from "./use-route.ts";
import { ValueView } from "./value-view.tsx";
import { Visible } from "./visible.tsx";

/** How many steps of a prefix are shown at its end; more are left out in the middle. */
const LAST_STEPS = 4;
/** How long after the last stroke a search begins, in ms. */
const PAUSE = 200;

interface KeysProps {
  readonly at: string;
  readonly prefix: string | undefined;
  readonly selected: string | undefined;
  /** What is searched for; `""`: it will be typed in a moment. */
  readonly q: string | undefined;
}

/** The keys of a commit as a tree of prefixes, or those that hold a text, and the value of one of them. */
export function KeysView({ at, prefix = "", selected, q: wanted }: KeysProps): JSX.Element {
  const q = wanted ?? "";
  const [text, setText] = useState(q);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (wanted === "") field.current?.focus();
  }, []);
  useEffect(() => setText(q), [q]);
  useEffect(() => {
    if (text === q) return;
    const timer = setTimeout(() => go("keys", { at, prefix: prefix || undefined, q: text || undefined }), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  const place = { at, prefix, selected };
  return (
    <section class={selected === undefined ? "fill pair" : "fill pair has-second"}>
      <div class="fill first">
        <header class="bar">
          <h2 class="title">Keys</h2>
          <RefInput
            label="of"
            value={at}
            onChange={(value) => go("keys", { at: value, prefix: prefix || undefined, key: selected })}
          />
          <label class="field grow">
            <span>Search</span>
            <input
              ref={field}
              type="search"
              class="search"
              value={text}
              placeholder="part of a key"
              onInput={(event) => setText(event.currentTarget.value)}
              spellcheck={false}
            />
          </label>
        </header>
        <Crumbs at={at} prefix={prefix} />
        {q === "" ? <KeyTree {...place} /> : <KeySearch {...place} text={q} />}
      </div>
      <div class="fill second">
        {selected === undefined ? (
          <p class="nothing">Choose a key to see its value.</p>
        ) : (
          <>
            <a class="back" href={href("keys", { at, prefix: prefix || undefined, q: q || undefined })}>
              ← keys
            </a>
            <ValueView at={at} name={selected} />
          </>
        )}
      </div>
    </section>
  );
}

function Crumbs({ at, prefix }: { at: string; prefix: string }): JSX.Element {
  const ends = [...prefix.matchAll(/\//g)].map(({ index }) => index + 1);
  const steps = ends.map((end, i) => ({ name: prefix.slice(ends[i - 1] ?? 0, end), path: prefix.slice(0, end) }));
  const isLong = steps.length > LAST_STEPS + 2;
  const shown = isLong ? [...steps.slice(0, 1), ...steps.slice(-LAST_STEPS)] : steps;
  return (
    <nav class="crumbs" aria-label="Prefix">
      <a href={href("keys", { at })}>all keys</a>
      {shown.map(({ name, path }, i) => (
        <a key={path} href={href("keys", { at, prefix: path })} aria-current={path === prefix ? "page" : undefined}>
          {isLong && i === 1 && <span class="muted">… </span>}
          <Visible text={name} />
        </a>
      ))}
    </nav>
  );
}
