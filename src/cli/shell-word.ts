import { safe } from "./escape.ts";

/**
 * A name as a word of a command to copy: in quotes where a shell would take it for something else.
 *
 * @param name what a person or a program called something
 */
export function shellWord(name: string): string {
  return /^[\w@%+=:,./~^-]+$/.test(name) && !name.startsWith("~") ? name : `'${safe(name).replaceAll("'", "'\\''")}'`;
}
