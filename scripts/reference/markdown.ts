import type { DocComment } from "./doc-comment.ts";
import type { Item } from "./item.ts";
import { inCell, linkTo, type Place, type Places, typesIn, withLinks } from "./links.ts";
import { type Inherited, type Member, methodHeading } from "./members.ts";

/** Writes one export of one page. */
export class Section {
  readonly #item: Item;
  readonly #places: Places;
  readonly #here: Place;

  constructor(item: Item, places: Places, here: Place) {
    this.#item = item;
    this.#places = places;
    this.#here = here;
  }

  /** The section as Markdown. `from`: the entry points that export it. */
  text(from: readonly string[]): string {
    const { signature, doc, members, inherited } = this.#item;
    const methods = members.filter(({ kind }) => kind === "method");
    const isClass = this.#item.kind === "class";
    return [
      `## ${this.#here.heading}`,
      ...(from.length === 1 && from[0] === "vkv" ? [] : [`From ${from.map((name) => `\`${name}\``).join(" and ")}.`]),
      ...this.#described(signature, doc, inherited),
      ...members
        .filter(({ kind }) => kind === "constructor")
        .flatMap((member) => this.#described(member.signature, member.doc)),
      ...this.#table(
        isClass ? members.filter(({ kind }) => kind === "property") : members,
        isClass ? "property" : "field",
      ),
      ...(isClass && methods.length > 1 ? [this.#contents(methods)] : []),
      ...inherited.map((base) => this.#inherited(base)),
      ...methods.flatMap((member) => [
        `### \`${methodHeading(this.#item.name, member)}\``,
        ...this.#described(member.signature, member.doc),
      ]),
    ].join("\n\n");
  }

  /** A signature, what its doc comment says, and links to the types in it, but those that are named as `bases` elsewhere. */
  #described(signature: string, doc: DocComment | undefined, bases: readonly Inherited[] = []): string[] {
    const text = bases.reduce((rest, { base }) => rest.replace(`extends ${base}`, ""), signature);
    const types = typesIn(text, this.#places, this.#here);
    const list = [
      ...(doc?.params ?? []).map(({ name, text }) => `- \`${name}\`: ${this.#linked(text, 2)}`),
      ...(doc?.returns === undefined ? [] : [`- Returns ${this.#linked(doc.returns, 2)}`]),
      ...(doc?.throws ?? []).map((text) => `- Throws ${this.#linked(text, 2)}`),
    ];
    return [
      `\`\`\`typescript\n${signature}\n\`\`\``,
      ...(doc === undefined || doc.text === "" ? [] : [this.#linked(doc.text)]),
      ...(list.length === 0 ? [] : [list.join("\n")]),
      ...(doc?.examples ?? []).map(block),
      ...(types.length === 0 ? [] : [`Types: ${types.join(", ")}`]),
    ];
  }

  #linked(text: string, indent = 0): string {
    return withLinks(text, this.#places, this.#here).replaceAll("\n", `\n${" ".repeat(indent)}`);
  }

  #table(members: readonly Member[], title: string): string[] {
    if (members.length === 0) return [];
    const rows = members.map(({ signature, doc, name }) => {
      const code = /^readonly code = "(VKV_\w+)"$/.exec(signature)?.[1];
      const text =
        code === undefined
          ? this.#linked(sayAll(doc))
          : `[Its cause and its cure](../errors.md#${code.toLowerCase()}).`;
      return { name, text, cell: `\`${signature.replace(/^readonly /, "")}\`` };
    });
    const lines = rows.map(({ cell, text }) => `| ${[cell, text].map(inCell).join(" | ")} |`);
    const types = typesIn(members.map(({ signature }) => signature).join(" "), this.#places, this.#here);
    return [
      [`| ${title} | |`, "|---|---|", ...lines].join("\n"),
      ...(types.length === 0 ? [] : [`Types: ${types.join(", ")}`]),
    ];
  }

  #contents(methods: readonly Member[]): string {
    return `Methods: ${methods.map((member) => this.#toMember(this.#item.name, member, this.#here.file)).join(", ")}`;
  }

  #inherited({ base, members }: Inherited): string {
    const file = this.#places.get(base)?.file ?? this.#here.file;
    const links = members.map((member) => this.#toMember(base, member, file));
    return `As in ${this.#linked(`\`${base}\``)}: ${links.join(", ")}`;
  }

  #toMember(owner: string, member: Member, file: string): string {
    if (member.kind === "property") return `\`${member.name}\``;
    return linkTo(`\`${member.name}()\``, { file, heading: methodHeading(owner, member) }, this.#here.file);
  }
}

/** All that a comment says of a field, in one paragraph. */
function sayAll(doc: DocComment | undefined): string {
  if (doc === undefined) return "";
  const throws = doc.throws.map((text) => `Throws ${text}.`);
  return [doc.text, ...doc.params.map(({ name, text }) => `\`${name}\`: ${text}.`), ...throws]
    .join(" ")
    .replaceAll(/\s*\n\s*/g, " ");
}

/** An example as a block; one whose first line is "no-run" needs what tests do not have. */
function block(example: string): string {
  const code = example.replace(/^no-run\n/, "");
  return `\`\`\`ts${code === example ? "" : " no-run"}\n${code}\n\`\`\``;
}
