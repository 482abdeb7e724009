/**
 * Which of vkv's errors a function can throw, as far as its code tells: those that it makes, and those of what it calls,
 * where it can be seen what that is: functions by their names, methods of `this`, of fields and of variables whose
 * type is written down. What is made in a `try` with a `catch` does not count. What lies behind an abstract method or a function that was passed in is not seen.
 */
import type { Class, Node } from "oxc-parser";
import type { Declared, SourceFile } from "../../scripts/reference/source.ts";

/** Code, with the names that mean something in it. */
interface Place {
  readonly node: Node;
  readonly file: SourceFile;
  /** The class that `this` is one of. */
  readonly self?: Owner | undefined;
}

type Owner = Declared & { readonly node: Class };

/** What one function makes itself, and what it calls. */
interface Own {
  readonly errors: readonly string[];
  readonly calls: readonly Place[];
}

const known = new Map<Node, Own>();

/** The names of the errors that a function or a method of a class can throw, sorted. */
export function thrownBy(declared: Declared, method?: string): string[] {
  const errors = new Set<string>();
  const seen = new Set<Node>();
  const waiting: Place[] = method === undefined ? [declared] : memberOf(asClass(declared), method);
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (seen.has(place.node)) continue;
    seen.add(place.node);
    const own = known.get(place.node) ?? ownOf(place);
    known.set(place.node, own);
    for (const error of own.errors) errors.add(error);
    waiting.push(...own.calls);
  }
  return [...errors].sort();
}

function ownOf(place: Place): Own {
  const types = typesOf(place);
  const errors: string[] = [];
  const calls: Place[] = [];
  const caught = new Set<Node>();
  for (const node of walk(place.node)) {
    if (node.type === "TryStatement" && node.handler !== null) for (const each of walk(node.block)) caught.add(each);
    if (node.type === "NewExpression" && node.callee.type === "Identifier") {
      const made = place.file.resolve(node.callee.name);
      if (made?.file.path.endsWith("errors.ts")) errors.push(...(caught.has(node) ? [] : [made.name]));
      else calls.push(...memberOf(asClass(made), "constructor"));
    } else if (node.type === "CallExpression") {
      calls.push(...calledBy(node.callee, place, types));
    }
  }
  return { errors, calls };
}

function calledBy(callee: Node, { file, self }: Place, types: ReadonlyMap<string, string>): Place[] {
  if (callee.type === "Identifier") {
    const called = file.resolve(callee.name);
    return called === undefined ? [] : [called];
  }
  if (callee.type !== "MemberExpression" || callee.computed) return [];
  const { object } = callee;
  const method = nameOf(callee.property);
  if (object.type === "ThisExpression") return memberOf(self, method);
  if (object.type === "Super") return memberOf(self === undefined ? undefined : baseOf(self), method);
  if (object.type === "Identifier") return memberOf(classNamed(types.get(object.name) ?? object.name, file), method);
  if (object.type === "MemberExpression" && object.object.type === "ThisExpression") {
    return memberOf(typeOfField(self, nameOf(object.property)), method);
  }
  return [];
}

/** The types of variables and parameters that are written down: by the name of a class, or as a field of `this`. */
function typesOf({ node, self }: Place): Map<string, string> {
  const types = new Map<string, string>();
  for (const each of walk(node)) {
    if (each.type === "Identifier" && "typeAnnotation" in each) {
      const type = each.typeAnnotation?.typeAnnotation;
      if (type?.type === "TSTypeReference" && type.typeName.type === "Identifier") {
        types.set(each.name, type.typeName.name);
      }
    }
    if (each.type !== "VariableDeclarator" || each.id.type !== "Identifier") continue;
    const { init } = each;
    if (init?.type === "MemberExpression" && init.object.type === "ThisExpression") {
      const type = typeOfField(self, nameOf(init.property));
      if (type !== undefined) types.set(each.id.name, type.name);
    }
  }
  return types;
}

function typeOfField(self: Owner | undefined, field: string): Owner | undefined {
  const found = self?.node.body.body.find((each) => "key" in each && nameOf(each.key) === field);
  if (self === undefined || found?.type !== "PropertyDefinition") return undefined;
  const type = found.typeAnnotation?.typeAnnotation;
  return type?.type === "TSTypeReference" && type.typeName.type === "Identifier"
    ? classNamed(type.typeName.name, self.file)
    : undefined;
}

/** A method of a class or of its base. */
function memberOf(owner: Owner | undefined, name: string): Place[] {
  if (owner === undefined) return [];
  const found = owner.node.body.body.find((each) => "value" in each && "key" in each && nameOf(each.key) === name);
  return found === undefined ? memberOf(baseOf(owner), name) : [{ node: found, file: owner.file, self: owner }];
}

function baseOf({ node, file }: Owner): Owner | undefined {
  return node.superClass?.type === "Identifier" ? classNamed(node.superClass.name, file) : undefined;
}

function classNamed(name: string, file: SourceFile): Owner | undefined {
  return asClass(file.resolve(name));
}

function asClass(declared: Declared | undefined): Owner | undefined {
  return declared?.node.type === "ClassDeclaration" ? { ...declared, node: declared.node } : undefined;
}

/** The name of a key; private names keep their `#`. */
function nameOf(key: Node): string {
  if (key.type === "PrivateIdentifier") return `#${key.name}`;
  return "name" in key && typeof key.name === "string" ? key.name : "";
}

function* walk(value: unknown): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value && typeof value.type === "string") yield value as Node;
  for (const child of Object.values(value)) yield* walk(child);
}
