import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Declaration, parseSync, type Span, type Statement } from "oxc-parser";
import { type DocComment, parseDocComment } from "./doc-comment.ts";

/** Something that a file declares at its top level, with its doc comment. */
export interface Declared {
  readonly name: string;
  readonly node: Declaration;
  readonly file: SourceFile;
  readonly doc: DocComment | undefined;
}

/** A parsed TypeScript file. What is written there is read; types are not worked out. */
export class SourceFile {
  static readonly #read: Map<string, SourceFile> = new Map();

  readonly path: string;
  readonly #text: string;
  readonly #body: readonly Statement[];
  readonly #docs: readonly Span[];
  readonly #resolved: Map<string, Declared | undefined> = new Map();
  #exports: Map<string, Declared> | undefined;

  private constructor(path: string) {
    this.path = path;
    this.#text = readFileSync(path, "utf8");
    const { program, comments, errors } = parseSync(path, this.#text, { astType: "ts" });
    if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
    this.#body = program.body.filter((node) => !("directive" in node)) as Statement[];
    this.#docs = comments.filter(({ type, value }) => type === "Block" && value.startsWith("*"));
  }

  /** The file at a path, read once. */
  static at(path: string): SourceFile {
    const file = SourceFile.#read.get(path) ?? new SourceFile(path);
    SourceFile.#read.set(path, file);
    return file;
  }

  /** The text from the beginning of one node to the end of another; lines after the first lose `indent` spaces. */
  text(from: Span, to: { readonly end: number } = from, indent = 0): string {
    return this.#text.slice(from.start, to.end).replaceAll(new RegExp(`\n {${indent}}`, "g"), "\n");
  }

  /** The doc comment right before a node. */
  docOf(node: Span): DocComment | undefined {
    const comment = this.#docs.findLast(({ end }) => end <= node.start);
    if (comment === undefined || this.#text.slice(comment.end, node.start).trim() !== "") return undefined;
    return parseDocComment(this.text(comment));
  }

  /** What the file exports, by name, where it is declared. */
  exports(): ReadonlyMap<string, Declared> {
    this.#exports ??= this.#findExports();
    return this.#exports;
  }

  #findExports(): Map<string, Declared> {
    const found = new Map<string, Declared>();
    for (const node of this.#body) {
      if (node.type === "ExportAllDeclaration") {
        for (const [name, declared] of this.#other(node.source.value).exports()) found.set(name, declared);
      } else if (node.type === "ExportNamedDeclaration") {
        if (node.declaration !== null) {
          const declared = this.#declared(node.declaration, node);
          if (declared !== undefined) found.set(declared.name, declared);
        }
        for (const { local, exported } of node.specifiers) {
          const from =
            node.source === null
              ? this.resolve(nameOf(local))
              : this.#other(node.source.value).exports().get(nameOf(local));
          if (from === undefined) throw new Error(`${this.path} exports ${nameOf(local)}, which is not to be found.`);
          found.set(nameOf(exported), from);
        }
      }
    }
    return found;
  }

  /** What a name at the top level of the file stands for; `undefined` for what comes from elsewhere than these files. */
  resolve(name: string): Declared | undefined {
    if (!this.#resolved.has(name)) this.#resolved.set(name, this.#find(name));
    return this.#resolved.get(name);
  }

  #find(name: string): Declared | undefined {
    for (const node of this.#body) {
      if (node.type === "ImportDeclaration") {
        const specifier = node.specifiers.find(({ local }) => local.name === name);
        if (specifier?.type !== "ImportSpecifier" || !node.source.value.startsWith(".")) continue;
        return this.#other(node.source.value).exports().get(nameOf(specifier.imported));
      }
      const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
      if (declaration === null || !isDeclaration(declaration)) continue;
      if (nameIn(declaration) === name) return this.#declared(declaration, node);
    }
    return undefined;
  }

  #declared(node: Declaration, whole: Span): Declared | undefined {
    const name = nameIn(node);
    return name === undefined ? undefined : { name, node, file: this, doc: this.docOf(whole) };
  }

  #other(specifier: string): SourceFile {
    return SourceFile.at(resolve(dirname(this.path), specifier));
  }
}

/** The name that a declaration gives; `undefined` for what takes a value apart, which has several. */
function nameIn(node: Declaration): string | undefined {
  const id = node.type === "VariableDeclaration" ? node.declarations[0]?.id : "id" in node ? node.id : undefined;
  return id?.type === "Identifier" ? id.name : undefined;
}

function isDeclaration(node: Statement): node is Declaration {
  return (
    ["VariableDeclaration", "FunctionDeclaration", "ClassDeclaration"].includes(node.type) ||
    /^TS\w+Declaration$/.test(node.type)
  );
}

function nameOf(node: { readonly name: string } | { readonly value: string }): string {
  return "name" in node ? node.name : node.value;
}
