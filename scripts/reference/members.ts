import type { Class, ClassElement, MethodDefinition, PropertyDefinition } from "oxc-parser";
import type { DocComment } from "./doc-comment.ts";
import type { SourceFile } from "./source.ts";

/** A public member of a class, or a field of an interface. */
export interface Member {
  readonly name: string;
  readonly kind: "constructor" | "method" | "property";
  readonly isStatic: boolean;
  /** How it is declared, without its body. */
  readonly signature: string;
  readonly doc: DocComment | undefined;
}

/** Members that an exported base has. */
export interface Inherited {
  readonly base: string;
  readonly members: readonly Member[];
}

/** The heading of a method: `Versioned.open()` of a static one, `versioned.get()` of another. */
export function methodHeading(owner: string, { name, isStatic }: Member): string {
  const instance = owner.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]/, (first) => first.toLowerCase());
  return `${isStatic ? owner : instance}${name.startsWith("[") ? "" : "."}${name}()`;
}

/**
 * The public members of a class, and the protected ones, which are for those who extend it. One that only implements what an exported base says of it (no doc comment of its own)
 * counts as inherited; those of bases that are not exported count as the class's own.
 */
export function classMembers(
  node: Class,
  file: SourceFile,
  exported: ReadonlySet<string>,
): { members: Member[]; inherited: Inherited[] } {
  const own = ownMembers(node, file);
  const base = node.superClass?.type === "Identifier" ? file.resolve(node.superClass.name) : undefined;
  if (base?.node.type !== "ClassDeclaration") return { members: own, inherited: [] };
  const above = classMembers(base.node, base.file, exported);
  const ofBase = above.members.filter(({ kind }) => kind !== "constructor");
  const find = ({ name, isStatic }: Member, list: readonly Member[]) =>
    list.find((member) => member.name === name && member.isStatic === isStatic);
  if (!exported.has(base.name)) {
    const members = own.map((member) => ({ ...member, doc: member.doc ?? find(member, ofBase)?.doc }));
    return {
      members: [...members, ...ofBase.filter((member) => find(member, own) === undefined)],
      inherited: above.inherited,
    };
  }
  const isOwn = (member: Member) => member.doc !== undefined || find(member, ofBase) === undefined || hasValue(member);
  const members = own.filter(isOwn);
  const inherited = [{ base: base.name, members: ofBase }, ...above.inherited].map((from) => ({
    ...from,
    members: from.members.filter((member) => !isProtected(member) && find(member, members) === undefined),
  }));
  return { members, inherited: inherited.filter((from) => from.members.length > 0) };
}

/** Whether it is declared with its value, as in `readonly code = "VKV_STORAGE"`. */
function hasValue({ kind, signature }: Member): boolean {
  return kind === "property" && signature.includes(" = ");
}

function isProtected({ signature }: Member): boolean {
  return signature.startsWith("protected ");
}

function ownMembers(node: Class, file: SourceFile): Member[] {
  return node.body.body.flatMap((element) => {
    if (!isNamed(element) || element.key.type === "PrivateIdentifier" || element.accessibility === "private") return [];
    const doc = file.docOf(element);
    if (doc?.isInternal === true) return [];
    const name = element.computed ? `[${file.text(element.key)}]` : file.text(element.key);
    return [{ name, isStatic: element.static, doc, ...declared(element, name, node, file) }];
  });
}

function isNamed(element: ClassElement): element is MethodDefinition | PropertyDefinition {
  return "key" in element && element.type !== "AccessorProperty" && element.type !== "TSAbstractAccessorProperty";
}

function declared(element: MethodDefinition | PropertyDefinition, name: string, parent: Class, file: SourceFile) {
  const modifiers = [
    element.accessibility,
    element.static && "static",
    element.type.startsWith("TSAbstract") && "abstract",
  ];
  const before = modifiers.map((word) => (word ? `${word} ` : "")).join("");
  if ("value" in element && "kind" in element) {
    const { value, kind } = element;
    if (kind === "get") {
      return {
        kind: "property" as const,
        signature: `${before}readonly ${name}${value.returnType ? file.text(value.returnType) : ""}`,
      };
    }
    const called = file.text(value, value.returnType ?? { end: value.body?.start ?? value.end }, 2).trim();
    if (kind === "constructor") return { kind, signature: `new ${parent.id?.name ?? ""}${called}` };
    return { kind: "method" as const, signature: before + name + called };
  }
  const { typeAnnotation, value } = element;
  const type = typeAnnotation ? file.text(typeAnnotation) : value ? ` = ${file.text(value)}` : "";
  const flags = element.readonly === true ? "readonly " : "";
  return {
    kind: "property" as const,
    signature: `${before}${flags}${name}${element.optional === true ? "?" : ""}${type}`,
  };
}
