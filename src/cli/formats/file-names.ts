import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CliError, EXIT } from "../exit.ts";

/** How long the name of a file may be, in bytes. */
const MAX_NAME_BYTES = 255;

/** What Windows does not take in names of files, and names that it takes for devices. */
const WINDOWS_CHARACTERS = /[<>:"|?*\\\p{Cc}]|[. ]$/u;
const WINDOWS_DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Turns names into what a file system takes for the same name. */
export type Fold = (name: string) => string;

/**
 * Makes paths of keys, and refuses those that would lead out of the folder or meet another one's file, before anything
 * is written.
 */
export class FileNames {
  readonly #fold: Fold;
  readonly #isWindows: boolean;
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();

  constructor(fold: Fold, isWindows: boolean = process.platform === "win32") {
    this.#fold = fold;
    this.#isWindows = isWindows;
  }

  /**
   * The path of a key, from the folder on.
   *
   * @param key the key, as it is exported
   * @throws CliError if it can be no path, or is one that another key has taken
   */
  path(key: string): string {
    const names = key.split("/");
    for (const name of names) {
      const fault = this.#fault(name);
      if (fault !== undefined) throw refusal(key, fault);
    }
    for (let end = 1; end < names.length; end++) {
      const folder = this.#fold(names.slice(0, end).join("/"));
      const other = this.#files.get(folder);
      if (other !== undefined) throw collision(key, other);
      if (!this.#folders.has(folder)) this.#folders.set(folder, key);
    }
    const file = this.#fold(key);
    const other = this.#files.get(file) ?? this.#folders.get(file);
    if (other !== undefined) throw collision(key, other);
    this.#files.set(file, key);
    return names.join("/");
  }

  #fault(name: string): string | undefined {
    if (name === "") return "it begins or ends with a /, or has two in a row";
    if (name === "." || name === "..") return `it has the part ${JSON.stringify(name)}`;
    if (name.includes("\0")) return "it has a NUL";
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `a part of it is longer than ${MAX_NAME_BYTES} bytes`;
    if (!this.#isWindows) return undefined;
    return WINDOWS_CHARACTERS.test(name) || WINDOWS_DEVICES.test(name) ? "Windows has no such names" : undefined;
  }
}

const CURE = "Export a part with --prefix, or as --format ndjson, which takes all keys.";

function refusal(key: string, fault: string): CliError {
  return new CliError(EXIT.trouble, `${JSON.stringify(key)} can be no file in the folder: ${fault}.`, CURE);
}

function collision(key: string, other: string): CliError {
  const both = `${JSON.stringify(other)} and ${JSON.stringify(key)}`;
  return new CliError(EXIT.trouble, `${both} cannot both be files of the folder: they need the same name.`, CURE);
}

/** Finds out which names a folder's file system takes for the same: those that differ in case, or in how accents are written. */
export async function foldIn(folder: string): Promise<Fold> {
  const probe = await mkdtemp(join(folder, ".vkv-"));
  try {
    await writeFile(join(probe, "a\u00e9"), "");
    const ignoresCase = await isThere(join(probe, "A\u00e9"));
    const ignoresForm = await isThere(join(probe, "ae\u0301"));
    return (name) => {
      const formed = ignoresForm ? name.normalize("NFC") : name;
      return ignoresCase ? formed.toLowerCase() : formed;
    };
  } finally {
    await rm(probe, { recursive: true });
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
