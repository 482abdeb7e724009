/** Calls to the server that the page came from. Addresses are relative, so that the token is in them. */
import type { Done, Failure } from "../protocol.ts";

type Params = Readonly<Record<string, string | number | undefined>>;

/** What the server says went wrong. */
export class CallError extends Error {
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

/** Where a resource is. */
export function address(name: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined) query.set(key, String(value));
  const text = query.toString();
  return text === "" ? `api/${name}` : `api/${name}?${text}`;
}

/** Reads a resource. */
export async function read<T>(name: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return answer<T>(await reach(address(name, params), { signal: signal ?? null }));
}

/** Reads a resource that is asked for with more than an address holds. */
export async function query<T>(name: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return answer<T>(await send("POST", name, body, signal));
}

/** Has something changed. */
export async function order(method: "POST" | "DELETE", name: string, body: unknown): Promise<Done> {
  return answer<Done>(await send(method, name, body));
}

function send(method: string, name: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { "content-type": "application/json", "x-vkv-viewer": "1" };
  return reach(address(name), { method, headers, body: JSON.stringify(body), signal: signal ?? null });
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new CallError({ code: "VIEWER_GONE", message: "The viewer does not answer: has its command ended?" });
  }
}

async function answer<T>(response: Response): Promise<T> {
  if (!response.ok) throw new CallError((await response.json()) as Failure);
  return (await response.json()) as T;
}
