import { useEffect, useRef, useState } from "preact/hooks";
import type { CallError } from "./api.ts";
import { callError, type Load } from "./use-load.ts";

/** Pages that are loaded one after another. */
export interface Pages<P> extends Load<readonly P[]> {
  /** Whether there is more to load. */
  readonly hasMore: boolean;
  /** Loads the next page, unless one is on its way or failed. */
  more(): void;
}

/** How pages are loaded. */
export interface PageSource<P> {
  /** Loads the page after those that are there. */
  load(pages: readonly P[], signal: AbortSignal): Promise<P>;
  /** Whether there is one. Not asked before the first page. */
  hasMore(pages: readonly P[]): boolean;
}

/** Whether there is a page after these, where each says what comes after it. */
export function hasNext(pages: readonly { readonly next?: unknown }[]): boolean {
  return pages.at(-1)?.next !== undefined;
}

interface Run<P> {
  readonly key: string;
  readonly stop: AbortController;
  readonly pages: readonly P[];
  readonly error: CallError | undefined;
  readonly isLoading: boolean;
}

/** Loads pages: the first at once, and all anew whenever `key` changes. */
export function usePages<P>(key: string, source: PageSource<P>): Pages<P> {
  const [shown, show] = useState<Run<P>>();
  const run = useRef<Run<P> | undefined>(undefined);

  const set = (next: Run<P>): void => {
    run.current = next;
    show(next);
  };
  const loadNext = (from: Run<P>): void => {
    set({ ...from, isLoading: true, error: undefined });
    const settle = (result: Partial<Run<P>>): void => {
      if (!from.stop.signal.aborted) set({ ...from, isLoading: false, ...result });
    };
    source.load(from.pages, from.stop.signal).then(
      (page) => settle({ pages: [...from.pages, page], error: undefined }),
      (error: unknown) => settle({ error: callError(error) }),
    );
  };
  useEffect(() => {
    const stop = new AbortController();
    loadNext({ key, stop, pages: [], error: undefined, isLoading: true });
    return () => stop.abort();
  }, [key]);

  const current = shown?.key === key ? shown : undefined;
  const hasMore = current !== undefined && current.pages.length > 0 && source.hasMore(current.pages);
  const more = (): void => {
    const latest = run.current;
    if (latest?.key === key && !latest.isLoading && latest.error === undefined && source.hasMore(latest.pages))
      loadNext(latest);
  };
  const data = current === undefined || current.pages.length === 0 ? undefined : current.pages;
  return { data, error: current?.error, isLoading: current?.isLoading ?? true, hasMore, more };
}
