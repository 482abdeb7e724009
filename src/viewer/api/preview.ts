import type { Preview } from "../protocol.ts";
import { decodeStart, kindOf } from "./kind.ts";

/** How much of a text is shown in lists, in bytes. */
const TEXT = 160;
/** How much of other values. */
const BYTES = 24;

/** The beginning of a value. */
export function preview(value: Uint8Array): Preview;
export function preview(value: Uint8Array | undefined): Preview | undefined;
export function preview(value: Uint8Array | undefined): Preview | undefined {
  if (value === undefined) return undefined;
  const kind = kindOf(value);
  const text = kind === "text" || kind === "json" ? decodeStart(value, TEXT) : undefined;
  const start = text ?? hexOf(value.subarray(0, BYTES));
  return { bytes: value.length, kind, start, isCut: value.length > (text === undefined ? BYTES : TEXT) };
}

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
