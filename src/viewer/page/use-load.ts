import { useEffect, useState } from "preact/hooks";
import { CallError } from "./api.ts";

/** Something that is being loaded. */
export interface Load<T> {
  readonly data: T | undefined;
  readonly error: CallError | undefined;
  readonly isLoading: boolean;
}

const START = { data: undefined, error: undefined, isLoading: true };

/** Loads something, again whenever `key` changes; `undefined`: nothing. */
export function useLoad<T>(key: string | undefined, load: (signal: AbortSignal) => Promise<T>): Load<T> {
  const [state, setState] = useState<Load<T> & { key: string | undefined }>({ ...START, key });
  useEffect(() => {
    if (key === undefined) return;
    const stop = new AbortController();
    const settle = (result: Partial<Load<T>>): void => {
      if (!stop.signal.aborted) setState({ ...START, ...result, isLoading: false, key });
    };
    load(stop.signal).then(
      (data) => settle({ data }),
      (error: unknown) => settle({ error: callError(error) }),
    );
    return () => stop.abort();
  }, [key]);
  return state.key === key ? state : START;
}

/** Any error as one of a call. */
export function callError(error: unknown): CallError {
  return error instanceof CallError ? error : new CallError({ code: "VIEWER_PAGE", message: String(error) });
}
