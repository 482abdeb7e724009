/** Requests to a viewer, with any headers: `fetch` would set some of them itself. */
import { request } from "node:http";

/** What a viewer answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What is asked. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request. */
export function ask(url: string, { method = "GET", headers = {}, body }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = request(url, { method, headers: { ...headers, ...length }, agent: false }, (response) => {
      let text = "";
      response.setEncoding("latin1");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends an order, as the page does. */
export function order(url: string, method: string, name: string, body: unknown): Promise<Answer> {
  const headers = { origin: new URL(url).origin, "content-type": "application/json", "x-vkv-viewer": "1" };
  return ask(`${url}api/${name}`, { method, headers, body: JSON.stringify(body) });
}

/** Reads a resource, as the page does. */
export async function read<T>(url: string, name: string, params: Readonly<Record<string, string>> = {}): Promise<T> {
  const response = await fetch(`${url}api/${name}?${new URLSearchParams(params)}`);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
