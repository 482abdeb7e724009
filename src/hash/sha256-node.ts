/// <reference types="node" />
import { hash } from "node:crypto";

/** The SHA-256 of `data`, as 64 lower-case hexadecimal digits. Node's one-shot hash: the cheapest call there is for small inputs. */
export function sha256Hex(data: Uint8Array): string {
  return hash("sha256", data, "hex");
}
