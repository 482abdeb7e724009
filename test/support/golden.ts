import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

/**
 * Compares `actual` with what a JSON file holds. `VKV_UPDATE=1` writes the file instead: only for a change that is meant,
 * such as a new version of the format.
 */
export function expectGolden(file: URL, actual: unknown): void {
  if (process.env["VKV_UPDATE"] === "1") {
    writeFileSync(file, `${JSON.stringify(actual, undefined, 2)}\n`);
    return;
  }
  expect(existsSync(file), `${file.pathname} is missing`).toBe(true);
  expect(actual).toEqual(JSON.parse(readFileSync(file, "utf8")));
}
