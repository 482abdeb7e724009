import { useEffect, useState } from "preact/hooks";
import { href, parseRoute, type Route, type View } from "./route.ts";

/** Where the address says one is. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setHash(location.hash);
    addEventListener("hashchange", follow);
    // It may have changed before anybody listened.
    follow();
    return () => removeEventListener("hashchange", follow);
  }, []);
  return parseRoute(hash);
}

/** Goes to a view, as a link would. */
export function go(view: View, params: Readonly<Record<string, string | undefined>> = {}): void {
  location.hash = href(view, params);
}
