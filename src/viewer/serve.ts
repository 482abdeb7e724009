import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type KVStore, StorageError } from "../index.ts";
import { answerCall } from "./api/routes.ts";
import { pageFile } from "./assets.ts";
import { isToken, newToken, refusalOf } from "./guard.ts";
import { failure, type Reply, send } from "./reply.ts";
import { readCall } from "./request.ts";

/** Keys are up to 4,096 bytes, three times as long in an address, and an address can name several. */
const MAX_HEADER_BYTES = 64 * 1024;

/** How to serve the viewer. */
export interface ViewerOptions {
  /** Whether branches and tags may be created, deleted, merged and reset; `false` unless given. */
  readonly write?: boolean;
  /** The port to listen on; a free one unless given. */
  readonly port?: number;
  /** Ends the viewer. */
  readonly signal?: AbortSignal;
}

/** A viewer that runs. */
export interface Viewer {
  /** The address to open in a browser; its token is the only way in. */
  readonly url: string;
  /** Ends it, and the connections to it. The store stays open. */
  close(): Promise<void>;
}

/**
 * Serves the viewer of a store: a page for browsers on this machine. It listens on 127.0.0.1 only, answers only
 * to addresses that hold its random token, and reads, unless it may write.
 *
 * @param store what to show; it is not closed
 * @throws StorageError if the port cannot be listened on
 *
 * @example
 * const viewer = await serveViewer(store);
 * console.log(viewer.url);
 */
export async function serveViewer(store: KVStore, options: ViewerOptions = {}): Promise<Viewer> {
  const { write = false, port = 0, signal } = options;
  signal?.throwIfAborted();
  const token = newToken();
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    const stop = new AbortController();
    response.once("close", () => stop.abort());
    const setting = { store, isWritable: write, host: hostOf(server), token, signal: stop.signal };
    replyTo(request, setting).then(
      (reply) => send(response, reply, request.method === "HEAD"),
      (error: unknown) => send(response, failure(error), false),
    );
  });
  await listen(server, port);
  const close = async (): Promise<void> => {
    signal?.removeEventListener("abort", abort);
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  const abort = (): void => void close();
  signal?.addEventListener("abort", abort, { once: true });
  return { url: `http://${hostOf(server)}/${token}/`, close };
}

/** What a request is answered with. */
interface Setting {
  readonly store: KVStore;
  readonly isWritable: boolean;
  readonly host: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

async function replyTo(request: IncomingMessage, { host, token, ...rest }: Setting): Promise<Reply> {
  const refusal = refusalOf(request, host);
  if (refusal !== undefined) return refusal;
  const url = new URL(request.url ?? "/", `http://${host}`);
  const [, given = "", ...path] = url.pathname.split("/");
  if (!isToken(given, token)) return failure(403, "Open the address with the token that was printed at the start.");
  const name = path.join("/");
  if (!name.startsWith("api/")) return pageFile(request.method ?? "", name);
  return answerCall(await readCall(request, name.slice("api/".length), url.searchParams), rest);
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (cause) {
    const isTaken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    const why = isTaken ? "another program does" : String(cause);
    throw new StorageError(`The viewer cannot listen on port ${port} of 127.0.0.1: ${why}.`, { cause });
  }
}

/** Where it listens, as browsers say it: without the port, if that is 80. */
function hostOf(server: Server): string {
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo | null)?.port ?? 0}`).host;
}
