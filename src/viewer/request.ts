import type { IncomingMessage } from "node:http";
import { RequestError } from "./reply.ts";

/** How long the body of a request may be. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** A request to the API. */
export interface Call {
  /** The method and the resource, `"GET keys"` for one. */
  readonly name: string;
  readonly query: URLSearchParams;
  /** The body's JSON; `undefined` without a body. */
  readonly body: unknown;
}

/** Reads a request; a `RequestError` for one that is too long, or whose body is no JSON. */
export async function readCall(request: IncomingMessage, resource: string, query: URLSearchParams): Promise<Call> {
  const method = request.method === "HEAD" ? "GET" : request.method;
  return { name: `${method} ${resource}`, query, body: method === "GET" ? undefined : await readBody(request) };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  if (request.headers["content-type"] !== "application/json") throw new RequestError(415, "The body must be JSON.");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new RequestError(413, "The body is too long.");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new RequestError(400, "The body is no JSON.");
  }
}

/** A parameter that must be there. */
export function required(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null) throw new RequestError(400, `The parameter ${name} is missing.`);
  return value;
}

/** A whole number from 0 on; 0 if it is not there. */
export function count(query: URLSearchParams, name: string): number {
  const value = Number(query.get(name) ?? 0);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RequestError(400, `${name} must be a whole number from 0 on.`);
  return value;
}

/** A text in a body. */
export function text(body: unknown, name: string): string {
  const value = field(body, name);
  if (typeof value !== "string") throw new RequestError(400, `${name} must be a text.`);
  return value;
}

/** A list in a body. */
export function list(body: unknown, name: string): readonly unknown[] {
  const value = field(body, name);
  if (!Array.isArray(value)) throw new RequestError(400, `${name} must be a list.`);
  return value;
}

function field(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}
