/** `npx tsx --tsconfig tsconfig.dev.json scripts/screenshots.ts`: makes docs/images anew, from the sample store of the viewer's tests. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Memory } from "vkv";
import { serveViewer } from "../src/viewer/serve.ts";
import { Browser } from "../test/support/browser.ts";
import { root } from "../test/support/run.ts";
import { fillSampleStore } from "../test/viewer/sample-store.ts";

interface Shot {
  readonly name: string;
  readonly hash: string;
  /** What must be there before it is taken. */
  readonly ready: string;
  readonly width?: number;
  readonly height?: number;
  readonly isDark?: boolean;
}

const SHOTS: readonly Shot[] = [
  { name: "graph", hash: "#/graph", ready: "a.commit" },
  { name: "commit", hash: "#/commit?at=redesign", ready: ".change" },
  { name: "keys", hash: "#/keys?at=main&prefix=settings%2F&key=settings%2Ftheme.json", ready: ".value .pre" },
  { name: "hostile", hash: "#/keys?at=main&prefix=hostile%2F", ready: ".row.key" },
  { name: "image", hash: "#/keys?at=main&prefix=images%2F&key=images%2Flogo.png", ready: "img" },
  { name: "compare", hash: "#/diff?a=main&b=redesign&key=pages%2Fhome.md", ready: ".differs" },
  { name: "history", hash: "#/history?at=main&key=settings%2Fsearch.json", ready: ".row.two" },
  { name: "merge", hash: "#/merge?into=main&from=redesign", ready: ".conflict", height: 640 },
  { name: "branches", hash: "#/refs", ready: ".ref" },
  { name: "graph-dark", hash: "#/graph", ready: "a.commit", isDark: true },
  { name: "compare-narrow", hash: "#/diff?a=main&b=redesign&key=pages%2Fhome.md", ready: ".differs", width: 360 },
];

const folder = join(root, "docs/images");
mkdirSync(folder, { recursive: true });
const store = new Memory();
await fillSampleStore(store);
const viewer = await serveViewer(store, { write: true });
const browser = await Browser.start();
try {
  for (const { name, hash, ready, width = 960, height = 480, isDark = false } of SHOTS) {
    const page = await browser.visit("about:blank", { width, height });
    await page.emulateMedia({ colorScheme: isDark ? "dark" : "light", reducedMotion: "reduce" });
    await page.goto(viewer.url + hash);
    await page.locator(ready).first().waitFor();
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: join(folder, `viewer-${name}.png`) });
    await page.close();
  }
} finally {
  await browser.stop();
  await viewer.close();
}
