import { describe, utf8Length } from "../bytes.ts";
import { InvalidNameError } from "../errors.ts";

/** The longest name of a branch or tag, in UTF-8 bytes. */
const MAX_NAME_BYTES = 200;

/** Throws unless `name` can be a branch's or tag's: 1 to 200 bytes, well-formed, no control characters. `TypeError` for what is no string, else `InvalidNameError`. */
export function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string") throw new TypeError(`A branch or tag name must be a string, not ${describe(name)}.`);
  if (name.length === 0) throw new InvalidNameError(name, "it is empty");
  if (!name.isWellFormed()) throw new InvalidNameError(name, "it has a lone surrogate");
  if (utf8Length(name) > MAX_NAME_BYTES) throw new InvalidNameError(name, `it is longer than ${MAX_NAME_BYTES} bytes`);
  if (/\p{Cc}/u.test(name)) throw new InvalidNameError(name, "it has a control character");
}
