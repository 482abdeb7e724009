import type { Place } from "./open.ts";

/** A server that runs. */
export interface RemoteServer {
  readonly place: Place;
  /** Ends it in the middle of whatever it does, and starts it again after so many ms. */
  crash(pause: number): Promise<void>;
  stop(): Promise<unknown>;
}
