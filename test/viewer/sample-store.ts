import { deflateSync } from "node:zlib";
import { type KVStore, Versioned } from "vkv";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (data: unknown): Uint8Array => utf8(JSON.stringify(data));

/** Keys and values that would do something in a page that took them for markup, or hide themselves. */
export const HOSTILE: readonly (readonly [key: string, value: string])[] = [
  ["hostile/<img src=x onerror=\"document.title='owned'\">", "<script>document.title='owned'</script>"],
  ["hostile/javascript:document.title='owned'", "</pre><svg onload=\"document.title='owned'\">"],
  ["hostile/\u202Egnp.exe", "left \u202Eright\u0007\u200B"],
  ["hostile/__proto__", '{"__proto__":{"owned":true},"constructor":1}'],
  ["hostile/a\nb\tc\0d", "lines\r\nand\0more"],
  [`hostile/${"long ".repeat(600)}`, "x".repeat(10_000)],
  ["hostile/../../etc/passwd?key=&at=#/refs", "%00"],
];

/** A store like one of an application: settings, pages, pictures; a branch that conflicts with `main`, and one that was merged. */
export async function fillSampleStore(store: KVStore): Promise<void> {
  const main = await Versioned.open(store);
  await main.snapshot(firstContents(), { info: { by: "ann", message: "Import the site" } });
  await main.merge();
  await main.createTag("v1.0.0", { info: { message: "first release" } });

  const search = await main.createBranch("search");
  await commit(search, "bob", "Index the titles", { "settings/search.json": json({ engine: "titles", limit: 20 }) });
  await commit(main, "ann", "A warmer welcome", { "pages/home.md": page("Welcome, and stay a while", 30) });
  await commit(search, "bob", "Search in texts too", {
    "settings/search.json": json({ engine: "full text", limit: 50 }),
  });
  await main.mergeFrom("search", { info: { by: "ann", message: "Merge search" } });
  await main.merge();
  await main.createTag("v1.1.0");

  const redesign = await main.createBranch("redesign");
  await commit(redesign, "cy", "New colours", {
    "settings/theme.json": json({ name: "dusk", accent: "#7ab4ff", radius: 10 }),
    "pages/home.md": page("Welcome to the new site", 30),
    "pages/colours.md": page("Colours", 4),
  });
  await commit(main, "ann", "Rounder corners", {
    "settings/theme.json": json({ name: "day", accent: "#0a58b8", radius: 8 }),
    "pages/about.md": page("About us", 12),
  });
  await commit(redesign, "cy", "Shorter home page", { "pages/home.md": page("Welcome to the new site", 18) });
  await commit(main, "dee", "Say who we are", { "pages/home.md": page("Welcome, and stay a while", 26) });
}

/** The contents of the first commit. */
function firstContents(): Map<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>([
    ["settings/theme.json", json({ name: "day", accent: "#0a58b8", radius: 6 })],
    ["settings/search.json", json({ engine: "none" })],
    ["settings/big-number.json", utf8('{"id":12345678901234567890,"id":2}')],
    ["pages/home.md", page("Welcome", 30)],
    ["pages/about.md", page("About", 12)],
    ["images/logo.png", picture(96, 64)],
    ["data/bytes.bin", Uint8Array.from({ length: 300 }, (_, i) => i)],
    ["data/empty", new Uint8Array(0)],
  ]);
  for (const name of ["ann", "bob", "cy", "dee"])
    contents.set(`users/${name}/profile.json`, json({ name, since: 2021 }));
  for (const [key, value] of HOSTILE) contents.set(key, utf8(value));
  return contents;
}

async function commit(v: Versioned, by: string, message: string, contents: Record<string, Uint8Array>): Promise<void> {
  await v.snapshot(contents, { info: { by, message } });
  await v.merge();
}

function page(title: string, lines: number): Uint8Array {
  const text = Array.from({ length: lines }, (_, i) => `Paragraph ${i + 1}: what ${title.toLowerCase()} is about.`);
  return utf8(`# ${title}\n\n${text.join("\n")}\n`);
}

/** A PNG: https://www.w3.org/TR/png-3/. */
function picture(width: number, height: number): Uint8Array {
  const pixels = Buffer.alloc((3 * width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set([40 + 2 * x, 90 + y, 200 - x], y * (3 * width + 1) + 1 + 3 * x);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const parts = [chunk("IHDR", header), chunk("IDAT", deflateSync(pixels)), chunk("IEND", Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...parts]));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
