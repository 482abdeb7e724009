/** JSON in lines, token by token: numbers keep all their digits, and fields that are there twice stay twice. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Breaks valid JSON into indented lines. */
export function prettyJson(json: string): string {
  let result = "";
  let depth = 0;
  let last = "";
  const newLine = (): string => `\n${"  ".repeat(depth)}`;
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "}" || token === "]") {
      depth--;
      result += last === "{" || last === "[" ? token : newLine() + token;
    } else {
      if (last === "{" || last === "[") result += newLine();
      if (token === "{" || token === "[") depth++;
      result += token;
      if (token === ",") result += newLine();
      if (token === ":") result += " ";
    }
    last = token;
  }
  return result;
}
