import type { Versioned } from "../../index.ts";
import type { Value } from "../protocol.ts";
import { type Reply, RequestError } from "../reply.ts";
import { type Call, required } from "../request.ts";
import { handleAt } from "./at.ts";
import { decodeStart, kindOf } from "./kind.ts";
import { hexOf } from "./preview.ts";

/** How much of a text is shown, in bytes. */
const TEXT = 256 * 1024;
/** How many bytes are shown as such. */
const BYTES = 4096;

/** Nothing in a value may do anything, wherever it is opened. */
const INERT = { "content-security-policy": "default-src 'none'; sandbox" };

/** A value as far as it is shown. */
export async function value(v: Versioned, call: Call): Promise<Value> {
  const key = required(call.query, "key");
  const bytes = await read(v, call);
  if (bytes === undefined) return { key, found: undefined };
  const kind = kindOf(bytes);
  const text = kind === "text" || kind === "json" ? decodeStart(bytes, TEXT) : undefined;
  const isWhole = text !== undefined && bytes.length <= TEXT;
  return { key, found: { bytes: bytes.length, kind, text, hex: hexOf(bytes.subarray(0, BYTES)), isWhole } };
}

/** All of a value, as a file to keep. */
export async function raw(v: Versioned, call: Call): Promise<Reply> {
  const body = await existing(v, call);
  const headers = { ...INERT, "content-disposition": attachment(required(call.query, "key")) };
  return { status: 200, type: "application/octet-stream", body, headers };
}

/** Says that a value is a file to keep, named as its key ends; in ASCII, and as it is for all that know RFC 6266. */
function attachment(key: string): string {
  const name = (key.split("/").at(-1) ?? "").slice(-100).toWellFormed() || "value";
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"; filename*=UTF-8''${encoded}`;
}

/** An image; an error for a value that does not begin as one. */
export async function image(v: Versioned, call: Call): Promise<Reply> {
  const body = await existing(v, call);
  const type = kindOf(body);
  if (!type.startsWith("image/")) throw new RequestError(415, "The value is no image that is shown.");
  return { status: 200, type, body, headers: INERT };
}

async function existing(v: Versioned, call: Call): Promise<Uint8Array> {
  const bytes = await read(v, call);
  if (bytes === undefined) throw new RequestError(404, "The commit has no such key.");
  return bytes;
}

async function read(v: Versioned, { query }: Call): Promise<Uint8Array | undefined> {
  const at = await handleAt(v, required(query, "at"));
  return at.get(required(query, "key"));
}
