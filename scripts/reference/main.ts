/** `npm run docs`: writes the API reference, docs/reference, anew. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publicExports, root } from "./exports.ts";
import { referencePages } from "./pages.ts";

const folder = join(root, "docs/reference");
const pages = referencePages(publicExports());
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [file, text] of pages) writeFileSync(join(folder, file), text);
console.log(`docs/reference: ${pages.size} pages.`);
