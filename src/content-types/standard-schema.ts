/** The part of Standard Schema (https://standardschema.dev, version 1) that is used: Zod, Valibot, ArkType and others have it. */
import { describe } from "../bytes.ts";

/**
 * A schema whose `validate` gives values of type `T`: the part of [Standard Schema](https://standardschema.dev), version 1,
 * that is used. The schemas of Zod, Valibot, ArkType and others are such.
 */
export interface StandardSchema<T> {
  /** What Standard Schema asks of a schema. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
  };
}

/** What a schema says of a value: the value that it makes of it, or what is wrong. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where in the value, from the outside in; the whole value unless given. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Throws a `TypeError` unless `schema` has the form of a Standard Schema of version 1. */
export function checkSchema(schema: unknown): void {
  const isHolder = (typeof schema === "object" && schema !== null) || typeof schema === "function";
  const standard: unknown = isHolder && "~standard" in schema ? schema["~standard"] : undefined;
  if (typeof standard !== "object" || standard === null || !("version" in standard) || standard.version !== 1) {
    throw new TypeError(`A schema must be a Standard Schema of version 1, not ${describe(schema)}.`);
  }
}

/** What the schema makes of `value`; a `TypeError` that lists what is wrong (its `cause`: the issues), or that the schema is asynchronous. */
export function validated<T>(schema: StandardSchema<T>, value: unknown): T {
  const result = schema["~standard"].validate(value);
  if ("then" in result) {
    // Its answer does not matter any more; nor does its failure.
    result.then(undefined, () => undefined);
    throw new TypeError("The schema is asynchronous: only schemas that answer at once can be used here.");
  }
  if (result.issues === undefined) return result.value;
  throw new TypeError(`The value does not fit its schema: ${result.issues.map(issueText).join("; ")}`, {
    cause: result.issues,
  });
}

function issueText({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((segment) => String(typeof segment === "object" ? segment.key : segment));
  return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
}
