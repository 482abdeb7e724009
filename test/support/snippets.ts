/** One block of TypeScript in a page. */
export interface Snippet {
  /** The line that the code begins at. */
  readonly line: number;
  readonly code: string;
  /** Only its types are checked: it is marked "ts no-run". */
  readonly noRun: boolean;
}

/** Every block of a Markdown page that is marked `ts`. Another mark than `ts` and `ts no-run` is an error. */
export function snippetsOf(markdown: string): Snippet[] {
  return [...markdown.matchAll(/^( *)```ts\b([^\n]*)\n([\s\S]*?)^ *```$/gm)].map((match) => {
    const [, indent = "", mark = "", body = ""] = match;
    const line = markdown.slice(0, match.index).split("\n").length + 1;
    if (!["", "no-run"].includes(mark.trim())) throw new Error(`Line ${line - 1}: what does "${mark.trim()}" mean?`);
    const code = body.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    return { line, code, noRun: mark.trim() === "no-run" };
  });
}

/**
 * The code with every `expression; // → value` made a check that the expression has that value, and
 * `const name = expression; // → value` one that `name` has. The value is an expression too. Lines stay where they are.
 */
export function withChecks(code: string): string {
  const lines = code.split("\n").map((line) => {
    const [, indent, statement, value] = /^(\s*)(.*?);?\s*\/\/ → (.+)$/.exec(line) ?? [];
    if (statement === undefined || statement === "") return line;
    const name = /^(?:const|let)\s+(\w+)\b/.exec(statement)?.[1];
    const check = `__check(${name ?? statement}, ${value}, ${JSON.stringify(line.trim())});`;
    return name === undefined ? `${indent}${check}` : `${indent}${statement}; ${check}`;
  });
  return `import { isDeepStrictEqual as __same, inspect as __show } from "node:util"; ${CHECK} ${lines.join("\n")}`;
}

const CHECK =
  "function __check(a: unknown, b: unknown, line: string) { if (!__same(a, b)) throw new Error(line + '  is ' + __show(a)); }";
