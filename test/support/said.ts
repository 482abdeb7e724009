/** What doc comments do not say and should. */
import { type DocComment, firstSentence } from "../../scripts/reference/doc-comment.ts";
import type { Export } from "../../scripts/reference/exports.ts";
import type { Item } from "../../scripts/reference/item.ts";
import { thrownBy } from "./thrown.ts";

type Exports = ReadonlyMap<string, Export>;

/** The exports, and the methods and fields of exports, whose comment does not begin with a sentence. Constructors may do without. */
export function undocumented(exports: Exports): string[] {
  return [...exports.values()].flatMap(({ item }) => {
    const members = item.members.filter(({ kind, name }) => kind !== "constructor" && name !== "code");
    const all = [
      { name: item.name, doc: item.doc },
      ...members.map(({ name, doc }) => ({ name: `${item.name}.${name}`, doc })),
    ];
    return all.filter(({ doc }) => firstSentence(doc?.text ?? "") === "").map(({ name }) => name);
  });
}

/** The errors that a function or a method can be seen to throw, and that neither its comment nor that of its class names. */
export function errorsUnsaid(exports: Exports): { name: string; error: string }[] {
  return [...exports.values()].flatMap(({ item, declared }) => {
    const unsaid = (name: string, text: string, method?: string) =>
      thrownBy(declared, method)
        .filter((error) => !text.includes(error))
        .map((error) => ({ name, error }));
    if (item.kind === "function") return unsaid(item.name, said(item.doc));
    if (item.kind !== "class" || item.inherited.some(({ base }) => base === "VkvError")) return [];
    return item.members
      .filter(({ kind }) => kind !== "property")
      .flatMap((member) => unsaid(`${item.name}.${member.name}`, saidOf(item, member.name, exports), member.name));
  });
}

/** What is said of a member: by its comment, that of its class, and those of the bases of that. */
function saidOf({ doc, members, inherited }: Item, member: string, exports: Exports): string {
  const own = members.find(({ name }) => name === member)?.doc;
  const bases = inherited.flatMap(({ base }) => exports.get(base)?.item ?? []);
  return [said(doc), said(own), ...bases.map((base) => saidOf(base, member, exports))].join("\n");
}

function said(doc: DocComment | undefined): string {
  return doc === undefined
    ? ""
    : [doc.text, doc.returns, ...doc.throws, ...doc.params.map(({ text }) => text)].join("\n");
}
