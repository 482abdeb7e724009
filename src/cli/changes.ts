import type { Change } from "../index.ts";
import { safe } from "./escape.ts";
import type { Output, Style } from "./output.ts";
import { preview, previews, toJsonOrNull } from "./value.ts";

const MARKS: Readonly<Record<Change["type"], readonly [mark: string, style: Style]>> = {
  added: ["+", "green"],
  removed: ["-", "red"],
  modified: ["~", "yellow"],
};

/** A change in one line: the key, and with `values` what it was and is. */
export function changeLine(out: Output, change: Change, values: boolean): string {
  const [mark, style] = MARKS[change.type];
  const key = out.styled(style, `${mark} ${safe(change.key)}`);
  if (!values) return key;
  if (change.type === "modified") return `${key}  ${previews([change.old, change.new]).join(" → ")}`;
  return `${key}  ${preview(change.type === "added" ? change.new : change.old)}`;
}

/** A change as JSON. */
export function changeJson({ key, type, old, new: next }: Change): object {
  return { key, type, old: toJsonOrNull(old), new: toJsonOrNull(next) };
}
