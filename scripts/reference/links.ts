/** Where something is described: a page, and a heading on it. */
export interface Place {
  readonly file: string;
  readonly heading: string;
}

/** Everything that has a heading of its own, by the names that texts call it: `Versioned`, `Versioned.get`, `verify()`. */
export type Places = ReadonlyMap<string, Place>;

/** Errors of the language, which texts name like ours. */
const BUILT_IN = ["TypeError", "RangeError"];

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

/** A link to a place, from a page. */
export function linkTo(text: string, place: Place, from: string): string {
  return `[${text}](${place.file === from ? "" : place.file}#${anchorOf(place.heading)})`;
}

/** A text in which what has a heading elsewhere is a link: what stands in backticks, and the names of errors. */
export function withLinks(text: string, places: Places, here: Place): string {
  const names = [...places.keys(), ...BUILT_IN].filter((name) => /^[A-Z]\w*Error$|^MergeConflict$/.test(name));
  const bare = new RegExp(`\`\`\`[\\s\\S]*?\`\`\`|\`[^\`]*\`|\\b(?:${names.join("|")})\\b`, "g");
  const marked = text.replaceAll(bare, (found) => (found.startsWith("`") ? found : `\`${found}\``));
  return marked.replaceAll(/```[\s\S]*?```|\[[^\]]*\]\([^)]*\)|`([^`\n]+)`/g, (found: string, name?: string) => {
    const place = name === undefined ? undefined : places.get(name);
    if (place === undefined || (place.file === here.file && place.heading === here.heading)) return found;
    return linkTo(found, place, here.file);
  });
}

/** Links to the types that a signature names. */
export function typesIn(signature: string, places: Places, here: Place): string[] {
  const names = new Set(signature.replaceAll(/"[^"]*"/g, "").match(/\b[A-Z]\w*/g) ?? []);
  return [...names].flatMap((name) => {
    const place = places.get(name);
    return place === undefined || place.heading === here.heading ? [] : [linkTo(`\`${name}\``, place, here.file)];
  });
}

/** A text that can stand in a cell of a table. */
export function inCell(text: string): string {
  return text.replaceAll("|", "\\|");
}
