import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { FoundValue, Value } from "../protocol.ts";
import { address, read } from "./api.ts";
import { plain } from "./escape.ts";
import { bytes } from "./format.ts";
import { hexLines } from "./hex.ts";
import { KeyTitle, Nothing, Trouble, Waiting } from "./parts.tsx";
import { prettyJson } from "./pretty-json.ts";
import { useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { useLoad } from "./use-load.ts";
import { VisibleLines } from "./visible.tsx";

type Form = "image" | "json" | "text" | "hex";

/** The value of a key in a commit. */
export function ValueView({ at, name }: { at: string; name: string }): JSX.Element {
  const { version } = useRefs();
  const { data, error, isLoading } = useLoad<Value>(`${version}\n${at}\n${name}`, (signal) =>
    read("value", { at, key: name }, signal),
  );
  return (
    <div class="fill value">
      <KeyTitle name={name} />
      <Trouble error={error} />
      {data === undefined && <Waiting isOn={isLoading} />}
      {data !== undefined && data.found === undefined && <Nothing>This commit has no such key.</Nothing>}
      {data?.found !== undefined && <Found key={`${at}\n${name}`} at={at} name={name} value={data.found} />}
    </div>
  );
}

function Found({ at, name, value }: { at: string; name: string; value: FoundValue }): JSX.Element {
  const forms = formsOf(value);
  const [form, setForm] = useState(forms[0]);
  const [isDamaged, setDamaged] = useState(false);
  return (
    <>
      <div class="bar">
        <span class="muted">{`${value.kind}, ${bytes(value.bytes)}`}</span>
        <fieldset class="choice" aria-label="Show as">
          {forms.map((each) => (
            <button type="button" key={each} aria-pressed={each === form} onClick={() => setForm(each)}>
              {each}
            </button>
          ))}
        </fieldset>
        <span class="grow" />
        <a href={href("history", { at, key: name })}>history</a>
        <a href={address("raw", { at, key: name })} download="">
          download
        </a>
      </div>
      {form === "image" && isDamaged && <Nothing>It begins as an image, but the browser cannot show it.</Nothing>}
      {form === "image" && !isDamaged && (
        <div class="image">
          <img
            src={address("image", { at, key: name })}
            alt={`The value of ${plain(name)}`}
            onError={() => setDamaged(true)}
          />
        </div>
      )}
      {(form === "json" || form === "text") && <Text value={value} isPretty={form === "json"} />}
      {form === "hex" && <Hex value={value} />}
    </>
  );
}

function formsOf({ kind, text, isWhole }: FoundValue): readonly Form[] {
  if (kind.startsWith("image/")) return ["image", "hex"];
  if (text === undefined) return ["hex"];
  return kind === "json" && isWhole ? ["json", "text", "hex"] : ["text", "hex"];
}

function Text({ value, isPretty }: { value: FoundValue; isPretty: boolean }): JSX.Element {
  const text = value.text ?? "";
  if (value.bytes === 0) return <Nothing>The value is empty.</Nothing>;
  return (
    <>
      {!value.isWhole && <p class="note">The first 256 KiB; the download has all of it.</p>}
      <section class="text pre" tabIndex={0} aria-label="Value">
        <VisibleLines text={isPretty ? prettyJson(text) : text} />
      </section>
    </>
  );
}

function Hex({ value }: { value: FoundValue }): JSX.Element {
  const shown = value.hex.length / 2;
  if (value.bytes === 0) return <Nothing>The value is empty.</Nothing>;
  return (
    <>
      {shown < value.bytes && (
        <p class="note">{`The first ${shown.toLocaleString("en")} bytes; the download has all of it.`}</p>
      )}
      <section class="hex pre" tabIndex={0} aria-label="Bytes of the value">
        {hexLines(value.hex).map(({ offset, digits, text }) => (
          <div key={offset}>
            <span class="muted">{offset}</span>
            {`  ${digits.padEnd(47)}  ${text}`}
          </div>
        ))}
      </section>
    </>
  );
}
