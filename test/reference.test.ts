/** The API reference: that it is what the sources say, and that they say enough. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { firstSentence, parseDocComment } from "../scripts/reference/doc-comment.ts";
import { publicExports, root } from "../scripts/reference/exports.ts";
import { withLinks } from "../scripts/reference/links.ts";
import { referencePages } from "../scripts/reference/pages.ts";
import { errorsUnsaid, undocumented } from "./support/said.ts";

const exports = publicExports();
const folder = join(root, "docs/reference");

/** What the code seems to throw and does not: it is caught, or cannot be. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  // A text that can be no name is taken for the beginning of an id.
  "Versioned.resolveCommit": ["InvalidNameError"],
  // The names are those of a namespace that there is.
  "Namespaced.transact": ["InvalidNamespaceError"],
  // What noting the use of keys throws is dropped.
  "GCVersioned.snapshot": ["BranchNotFoundError", "ConcurrencyError"],
  // Prefixes of its own are listed.
  retainHistory: ["InvalidKeyError"],
};

describe("docs/reference", () => {
  it("is what the sources say", () => {
    const made = Object.fromEntries(referencePages(exports));
    const found = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]);
    expect(Object.fromEntries(found), "docs/reference is not what the sources say: `npm run docs` renews it").toEqual(
      made,
    );
  });

  it("names nothing that changes by itself", () => {
    for (const text of referencePages(exports).values()) expect(text).not.toMatch(/\b20\d\d-\d\d|\.ts:\d|file:/);
  });
});

describe("the doc comments", () => {
  it("are there for every export, public method and field", () => {
    expect(undocumented(exports)).toEqual([]);
  });

  it("name the errors that can be seen in the code", () => {
    const unsaid = errorsUnsaid(exports).filter(({ name, error }) => !(NEVER[name] ?? []).includes(error));
    expect(unsaid).toEqual([]);
  });

  it("have all exceptions from that still", () => {
    const unsaid = errorsUnsaid(exports);
    for (const [name, errors] of Object.entries(NEVER)) {
      for (const error of errors) expect.soft(unsaid).toContainEqual({ name, error });
    }
  });
});

describe("the maker of the reference", () => {
  it("reads a comment's parts", () => {
    const comment = `/**
     * Does it. At once.
     *
     * - a list
     *
     * @param options.at where, in
     *   bytes
     * @returns whether it did
     * @throws A, B if not
     * @throws C
     *
     * @example
     * if (a) {
     *   b();
     * }
     */`;
    expect(parseDocComment(comment)).toEqual({
      text: "Does it. At once.\n\n- a list",
      params: [{ name: "options.at", text: "where, in\n  bytes" }],
      returns: "whether it did",
      throws: ["A, B if not", "C"],
      examples: ["if (a) {\n  b();\n}"],
      isInternal: false,
    });
    expect(parseDocComment("/** @internal */").isInternal).toBe(true);
    expect(() => parseDocComment("/** @thorws A */")).toThrow("@thorws");
    expect(firstSentence("One\ntwo 1.5. Three.")).toBe("One two 1.5.");
  });

  it("links what has a heading elsewhere", () => {
    const places = new Map([
      ["A", { file: "a.md", heading: "A" }],
      ["A.b()", { file: "a.md", heading: "a.b()" }],
      ["XError", { file: "errors.md", heading: "XError" }],
    ]);
    const link = (text: string) => withLinks(text, places, { file: "a.md", heading: "A" });
    expect(link("`A` and `A.b()` and `c`")).toBe("`A` and [`A.b()`](#ab) and `c`");
    expect(link("XError, TypeError or `XError`")).toBe(
      "[`XError`](errors.md#xerror), `TypeError` or [`XError`](errors.md#xerror)",
    );
    expect(link("[`XError`](there.md)")).toBe("[`XError`](there.md)");
    expect(link("```\n`A.b()`\n```")).toBe("```\n`A.b()`\n```");
  });

  it("refuses an export without a page, and a page without its export", () => {
    const [, first] = [...exports][0] ?? [];
    if (first === undefined) throw new Error("There is no export.");
    expect(() => referencePages(new Map([...exports, ["fresh", first]]))).toThrow("Give fresh a page");
    expect(() => referencePages(new Map([...exports].filter(([name]) => name !== "Versioned")))).toThrow(
      "names Versioned, which is not exported",
    );
  });
});
