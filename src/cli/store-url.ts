import { CliError, EXIT } from "./exit.ts";

/** Where a store is. */
export type Place =
  | { readonly kind: "disk"; readonly folder: string }
  | { readonly kind: "redis"; readonly url: string; readonly prefix: string | undefined }
  | {
      readonly kind: "postgres";
      readonly url: string;
      readonly table: string | undefined;
      readonly schema: string | undefined;
    }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      readonly prefix: string | undefined;
      readonly endpoint: string | undefined;
      readonly region: string | undefined;
    };

/** What a store's URL can be, for help and errors. */
export const STORE_FORMS =
  "./folder, disk:/path, redis://host/0?prefix=…, postgres://host/database?table=…, s3://bucket/prefix?region=…&endpoint=…";

/**
 * Reads what `--store` was given: a folder, or a URL.
 *
 * @throws CliError for a URL of another kind, or one that is none
 */
export function parseStoreUrl(text: string): Place {
  // One letter and a colon is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: "disk", folder: notEmpty(text, text) };
  if (scheme === "disk")
    return { kind: "disk", folder: notEmpty(text.slice("disk:".length).replace(/^\/\//, ""), text) };
  if (!URL.canParse(text)) throw unusable(text);
  const url = new URL(text);
  if (scheme === "redis" || scheme === "rediss") {
    const prefix = take(url, "prefix");
    return { kind: "redis", url: url.href, prefix };
  }
  if (scheme === "postgres" || scheme === "postgresql") {
    const [table, schema] = [take(url, "table"), take(url, "schema")];
    return { kind: "postgres", url: url.href, table, schema };
  }
  if (scheme === "s3") {
    const prefix = decoded(url.pathname.replace(/^\//, "").replace(/\/$/, ""), text);
    const [endpoint, region] = [take(url, "endpoint"), take(url, "region")];
    const bucket = notEmpty(url.host, text);
    // No driver reads the others: one would be misspelt.
    if (url.searchParams.size > 0) throw unusable(text);
    return { kind: "s3", bucket, prefix: prefix === "" ? undefined : prefix, endpoint, region };
  }
  throw unusable(text);
}

/** Takes a parameter of ours out of a URL that a driver is going to read. */
function take(url: URL, name: string): string | undefined {
  const value = url.searchParams.get(name) ?? undefined;
  if (value !== undefined) url.searchParams.delete(name);
  return value;
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unusable(text);
  }
}

function notEmpty(part: string, text: string): string {
  if (part === "") throw unusable(text);
  return part;
}

/** Does not repeat a URL as a whole: it may have a password. */
function unusable(text: string): CliError {
  const shown = JSON.stringify(text.replace(/\/\/[^@/]*@/, "//***@"));
  return new CliError(EXIT.usage, `${shown} is no store.`, `A store is one of ${STORE_FORMS}`);
}
