import type { Class, Function as FunctionNode, TSInterfaceDeclaration } from "oxc-parser";
import type { DocComment } from "./doc-comment.ts";
import { classMembers, type Inherited, type Member } from "./members.ts";
import type { Declared, SourceFile } from "./source.ts";

/** One export, as the reference shows it. */
export interface Item {
  readonly name: string;
  readonly kind: "class" | "interface" | "type" | "function" | "constant";
  readonly doc: DocComment | undefined;
  /** How it is declared, without its body. */
  readonly signature: string;
  /** Of a class or an interface: what is its own. */
  readonly members: readonly Member[];
  /** The members that its bases have, too, and say all about. */
  readonly inherited: readonly Inherited[];
}

/** The heading of an export: its name, with `()` for a function. */
export function headingOf({ name, kind }: Item): string {
  return kind === "function" ? `${name}()` : name;
}

/** What there is to say of a declaration. `exported`: what the reference has a place for. */
export function itemOf({ name, node, file, doc }: Declared, exported: ReadonlySet<string>): Item {
  const rest = { name, doc, members: [], inherited: [] };
  switch (node.type) {
    case "ClassDeclaration":
      return {
        ...rest,
        kind: "class",
        signature: classSignature(node, file, exported),
        ...classMembers(node, file, exported),
      };
    case "TSInterfaceDeclaration":
      return {
        ...rest,
        kind: "interface",
        signature: file.text(node, { end: node.body.start }).trim(),
        members: fields(node, file),
      };
    case "TSTypeAliasDeclaration":
      return { ...rest, kind: "type", signature: file.text(node).replace(/;$/, "") };
    case "FunctionDeclaration":
      return { ...rest, kind: "function", signature: functionSignature(node, file) };
    case "VariableDeclaration": {
      const [variable] = node.declarations;
      if (variable === undefined) break;
      return { ...rest, kind: "constant", signature: `const ${file.text(variable.id)}` };
    }
  }
  throw new Error(`${file.path}: the reference does not know what to say of ${name}, a ${node.type}.`);
}

function classSignature(node: Class, file: SourceFile, exported: ReadonlySet<string>): string {
  const text = file.text(node, { end: node.body.start }).trim();
  const base = node.superClass?.type === "Identifier" ? node.superClass.name : undefined;
  const isShown = base === undefined || exported.has(base) || file.resolve(base) === undefined;
  return isShown ? text : text.replace(` extends ${base}`, "");
}

function functionSignature(node: FunctionNode, file: SourceFile): string {
  return `function ${file.text(node.id ?? node, node.returnType ?? node)}`;
}

function fields(node: TSInterfaceDeclaration, file: SourceFile): Member[] {
  return node.body.body.map((field) => {
    if (field.type !== "TSPropertySignature" && field.type !== "TSMethodSignature") {
      throw new Error(`${file.path}: the reference does not know what to say of ${file.text(field)}`);
    }
    const text = file
      .text(field)
      .replace(/;$/, "")
      .replace(/^readonly /, "");
    if (text.includes("/*")) throw new Error(`${file.path}: a comment inside a field gets lost: ${text}`);
    return {
      name: file.text(field.key).replaceAll('"', ""),
      kind: "property",
      signature: text.replaceAll(/\s+/g, " "),
      isStatic: false,
      doc: file.docOf(field),
    };
  });
}
