import { describe, expect, it } from "vitest";
import { kindOf } from "../../src/viewer/api/kind.ts";
import { firstPieces, piecesOfLines, plain } from "../../src/viewer/page/escape.ts";
import { bytes } from "../../src/viewer/page/format.ts";
import { hexLines } from "../../src/viewer/page/hex.ts";
import { folded, sideBySide } from "../../src/viewer/page/line-diff.ts";
import { prettyJson } from "../../src/viewer/page/pretty-json.ts";
import { href, parseRoute } from "../../src/viewer/page/route.ts";

describe("what would not be seen", () => {
  it.each([
    ["a\u0000b\u0007", "a\\0b\\x07"],
    ["\u202Egnp.exe", "\\u{202E}gnp.exe"],
    ["zero\u200Bwidth\uFEFF", "zero\\u{200B}width\\u{FEFF}"],
    [" a b ", "\\x20a b\\x20"],
    ["a\u00A0b\u2028c", "a\\xA0b\\u{2028}c"],
    ["filler\u3164\u115Fblank\u2800join\u034F", "filler\\u{3164}\\u{115F}blank\\u{2800}join\\u{34F}"],
    ["\n\t\r", "\\n\\t\\r"],
    ["straße/日本/🎉", "straße/日本/🎉"],
    ["", ""],
    ["  ", "\\x20\\x20"],
  ])("is named: %j", (text, shown) => {
    expect(plain(text)).toBe(shown);
  });

  it("is named in lines, which stay lines", () => {
    expect(piecesOfLines("a\n\tb\u202E")).toEqual([{ text: "a\n\tb" }, { code: "\\u{202E}" }]);
    expect(piecesOfLines("\u2764\uFE0F a\u3164")).toEqual([{ text: "\u2764\uFE0F a" }, { code: "\\u{3164}" }]);
  });

  it("is limited, as each such character is an element of the page", () => {
    const { shown, left } = firstPieces(piecesOfLines("ab\u0001\u0002cde\u0003"), 2);
    expect(shown).toEqual([{ text: "ab" }, { code: "\\x01" }]);
    expect(left).toBe(5);
    expect(firstPieces(piecesOfLines("ab\u0001"), 2).left).toBe(0);
  });
});

describe("addresses", () => {
  it.each(["a/b", "?&=#/%", "\u0000\n", "日本", "__proto__", " + "])("lead back to the key %j", (key) => {
    expect(parseRoute(href("keys", { at: "main", key }))).toEqual({ view: "keys", params: { at: "main", key } });
  });

  it("that name no view lead to the graph", () => {
    for (const hash of ["", "#", "#/", "#/nothing", "#constructor"]) expect(parseRoute(hash).view).toBe("graph");
  });
});

describe("JSON", () => {
  it("is broken into lines without a change to its tokens", () => {
    expect(prettyJson('{"a":[1,{}, []],"b":12345678901234567890,"b":"{,\\"}"}')).toBe(
      '{\n  "a": [\n    1,\n    {},\n    []\n  ],\n  "b": 12345678901234567890,\n  "b": "{,\\"}"\n}',
    );
  });

  it("means the same afterwards", () => {
    const data = { n: null, t: [true, -1.5e-9, "x\n\u2028"], o: { "": { "a:b": [] } } };
    expect(JSON.parse(prettyJson(JSON.stringify(data)))).toEqual(data);
  });
});

describe("two texts side by side", () => {
  it("have changed lines beside each other", () => {
    const rows = sideBySide("a\nb\nc\n", "a\nB\nB2\nc\n");
    expect(rows.map(({ left, right, isSame }) => [left?.text, right?.text, isSame])).toEqual([
      ["a", "a", true],
      ["b", "B", false],
      [undefined, "B2", false],
      ["c", "c", true],
    ]);
    expect(rows.at(-1)).toMatchObject({ left: { number: 3 }, right: { number: 4 } });
  });

  it("show what is on one side only", () => {
    expect(sideBySide("", "x")).toEqual([{ left: undefined, right: { number: 1, text: "x" }, isSame: false }]);
    expect(sideBySide("", "")).toEqual([]);
  });

  it("fold what is equal, and lose no row", () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${i}`);
    const rows = sideBySide(lines.join("\n"), lines.map((line) => (line === "20" ? "twenty" : line)).join("\n"));
    const parts = folded(rows);
    expect(parts.map((part) => ("hidden" in part ? -part.hidden.length : part.rows.length))).toEqual([
      -17, 3, 1, 3, -16,
    ]);
    expect(parts.flatMap((part) => ("hidden" in part ? part.hidden : part.rows))).toEqual(rows);
  });
});

describe("values", () => {
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

  it.each([
    ["text", utf8("<b>hello</b>")],
    ["text", utf8("{not json")],
    ["text", utf8("")],
    ["text", utf8(`${"é".repeat(200_000)}`)],
    ["json", utf8(' {"a":1}')],
    ["binary", utf8("a\0b")],
    ["binary", new Uint8Array([0xff, 0xfe, 0x41])],
    ["image/gif", utf8("GIF89a<script>")],
    ["image/jpeg", new Uint8Array([0xff, 0xd8, 0xff, 0xe0])],
    ["image/webp", utf8("RIFF0000WEBPVP8 ")],
    ["text", utf8("<svg xmlns='http://www.w3.org/2000/svg'/>")],
  ])("are %s by their bytes", (kind, value) => {
    expect(kindOf(value)).toBe(kind);
  });

  it("have their size in words, and their bytes in lines", () => {
    expect([0, 1, 1023, 1536, 20 * 1024, 3 * 1024 ** 3].map(bytes)).toEqual([
      "0 bytes",
      "1 byte",
      "1023 bytes",
      "1.5 KiB",
      "20 KiB",
      "3.0 GiB",
    ]);
    expect(hexLines(Buffer.from("0123456789abcdef\0").toString("hex"))).toEqual([
      { offset: "00000000", digits: "30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66", text: "0123456789abcdef" },
      { offset: "00000010", digits: "00", text: "·" },
    ]);
  });
});
