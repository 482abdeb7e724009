/** Who is let in: the page that this server gave to a browser on this machine, and nobody else. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { failure, type Reply } from "./reply.ts";

const TOKEN_BYTES = 32;

/** The header that the page sends with orders. A foreign page cannot send it without being allowed to, and it never is. */
export const ORDER_HEADER = "x-vkv-viewer";

/** A token of 256 random bits, as it stands in addresses. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString("base64url");
}

/** Whether `given` is the token, in a time that does not depend on where they differ. */
export function isToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Why a request is refused whatever it asks for; `undefined`: it is not. `host` is the address and port listened on. */
export function refusalOf({ method, headers }: IncomingMessage, host: string): Reply | undefined {
  // A foreign name that was made to point to this machine (DNS rebinding) is in Host.
  const hosts = [host, host.replace("127.0.0.1", "localhost")];
  if (headers.host === undefined || !hosts.includes(headers.host)) {
    return failure(403, "The viewer answers to the address it listens on only.");
  }
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return failure(403, "The viewer answers to no other page.");
  }
  if (method === "GET" || method === "HEAD") return undefined;
  if (headers.origin !== `http://${headers.host}` || headers[ORDER_HEADER] !== "1") {
    return failure(403, "Only the viewer's own page may ask for that.");
  }
  return undefined;
}
