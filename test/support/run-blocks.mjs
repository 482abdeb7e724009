// @ts-check
/**
 * `node run-blocks.mjs <results> <module>…`: runs the modules one after another, each with its own folder as the current
 * one, and appends to the file `results` a line of JSON for each: what went wrong, "" if nothing.
 */
import { appendFileSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";

const [results = "", ...modules] = process.argv.slice(2);
/** @type {string[]} */
let failures = [];

/** @param {unknown} error */
const note = (error) => void failures.push(inspect(error));
process.on("uncaughtException", note);
process.on("unhandledRejection", note);
process.on("exit", () => {
  if (failures.length === 0) return;
  console.error(failures.join("\n"));
  process.exitCode = 1;
});
console.assert = (condition, ...message) => {
  if (condition !== true) failures.push(`Assertion failed: ${message.map(String).join(" ")}`);
};

for (const module of modules) {
  process.chdir(dirname(module));
  await import(pathToFileURL(module).href).catch(note);
  // A promise that the module left behind may have been rejected.
  await setImmediate();
  appendFileSync(results, `${JSON.stringify(failures.join("\n"))}\n`);
  failures = [];
}
