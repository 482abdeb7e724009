import { parse, tokenizers } from "comment-parser";

/** A doc comment, in its parts; all of them are Markdown. */
export interface DocComment {
  readonly text: string;
  readonly params: readonly { readonly name: string; readonly text: string }[];
  readonly returns: string | undefined;
  readonly throws: readonly string[];
  readonly examples: readonly string[];
  /** Marked `@internal`: no part of what is documented. */
  readonly isInternal: boolean;
}

const KNOWN = ["param", "returns", "throws", "example", "internal"];

/** Reads a comment, from its `/**` to its end. Another tag than those known here is an error. */
export function parseDocComment(comment: string): DocComment {
  const name = tokenizers.name();
  const [block] = parse(comment, {
    spacing: "preserve",
    tokenizers: [
      tokenizers.tag(),
      (spec) => (spec.tag === "param" ? name(spec) : spec),
      tokenizers.description("preserve"),
    ],
  });
  if (block === undefined) throw new Error(`This is no doc comment: ${comment}`);
  for (const { tag } of block.tags) if (!KNOWN.includes(tag)) throw new Error(`What does @${tag} mean in ${comment}`);
  const tagged = (tag: string) => block.tags.filter((spec) => spec.tag === tag);
  return {
    text: block.description.trim(),
    params: tagged("param").map((spec) => ({ name: spec.name, text: spec.description.trim() })),
    returns: tagged("returns")[0]?.description.trim(),
    throws: tagged("throws").map(({ description }) => description.trim()),
    examples: tagged("example").map(({ description }) => description.replace(/^\n+|\s+$/g, "")),
    isInternal: tagged("internal").length > 0,
  };
}

/** The first sentence of a text, in one line; "" if there is none. */
export function firstSentence(text: string): string {
  return (/^[\s\S]*?\.(?=\s|$)/.exec(text)?.[0] ?? "").replaceAll("\n", " ");
}
