import type { ServerResponse } from "node:http";
import { VkvError } from "../index.ts";
import type { Failure } from "./protocol.ts";

/** What is sent back. */
export interface Reply {
  readonly status: number;
  /** The media type. */
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** With every reply. The page may load what this server has, and nothing else; no reply is stored or sniffed. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** What went wrong in a request itself. */
export class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Data for the page. */
export function json(data: unknown): Reply {
  return { status: 200, type: "application/json", body: JSON.stringify(data) };
}

/** What went wrong: a status and why, or an error. */
export function failure(...[what, why]: [status: number, message: string] | [error: unknown]): Reply {
  const { status, code, message } =
    typeof what === "number"
      ? { status: what, code: `VIEWER_${what}`, message: why ?? "" }
      : { status: statusOf(what), code: codeOf(what), message: messageOf(what) };
  const body: Failure = { code, message };
  return { status, type: "application/json", body: JSON.stringify(body) };
}

/** Sends it. */
export function send(response: ServerResponse, { status, type, body, headers }: Reply, isHead: boolean): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, { ...HEADERS, "content-type": type, "content-length": bytes.length, ...headers });
  response.end(isHead ? undefined : bytes);
}

/** What is told of an error; of one that nobody foresaw, only its code: its message can hold paths. */
function messageOf(error: unknown): string {
  if (error instanceof Error && statusOf(error) !== 500) return error.message;
  if (error instanceof VkvError) return error.message;
  const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
  return `The viewer failed${code}.`;
}

function codeOf(error: unknown): string {
  return error instanceof VkvError ? error.code : `VIEWER_${statusOf(error)}`;
}

function statusOf(error: unknown): number {
  if (error instanceof RequestError) return error.status;
  if (error instanceof TypeError || error instanceof RangeError) return 400;
  if (!(error instanceof VkvError)) return 500;
  if (/_NOT_FOUND$/.test(error.code)) return 404;
  if (/^VKV_INVALID_/.test(error.code)) return 400;
  return /_EXISTS$|^VKV_(?:CONCURRENCY|MERGE_CONFLICT|HISTORY_CUT)$/.test(error.code) ? 409 : 500;
}
