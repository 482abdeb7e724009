/** What the page shows, as it stands in the address after `#`: `#/keys?at=main&prefix=a%2F`. */

/** The views, by their names in addresses. */
export const VIEWS = ["graph", "keys", "diff", "merge", "refs", "commit", "history"] as const;

/** One of them. */
export type View = (typeof VIEWS)[number];

/** Where one is. */
export interface Route {
  readonly view: View;
  readonly params: Readonly<Record<string, string>>;
}

/** Reads the part of an address after `#`; what is no view is the graph. */
export function parseRoute(hash: string): Route {
  const [, name, query] = /^#\/?([^?]*)\??(.*)$/s.exec(hash) ?? [];
  const view = VIEWS.find((each) => each === name) ?? "graph";
  return { view, params: Object.fromEntries(new URLSearchParams(query)) };
}

/** An address. Parameters that are `undefined` are left out. */
export function href(view: View, params: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams(given).toString();
  return query === "" ? `#/${view}` : `#/${view}?${query}`;
}
