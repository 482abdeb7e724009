/** What is printed: escapes, values, tables, revisions of times. */
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { MergeConflict, StorageError } from "vkv";
import { describeInfo } from "../../src/cli/commit-info.ts";
import { safe, safeJson, safeLines } from "../../src/cli/escape.ts";
import { explain } from "../../src/cli/explain.ts";
import { shellWord } from "../../src/cli/shell-word.ts";
import { table } from "../../src/cli/table.ts";
import { count, fromJson, isShowable, preview, previews, toJson } from "../../src/cli/value.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("escapes", () => {
  const hostile = "a\u001b[31m\u0007\u009b\u007f\u202e\u2066\nb\tc";

  it("leave nothing that does something to a terminal", () => {
    expect(safe(hostile)).toBe("a\\x1b[31m\\x07\\x9b\\x7f\\u202e\\u2066\\nb\\tc");
    expect(safeLines(hostile)).toBe("a\\x1b[31m\\x07\\x9b\\x7f\\u202e\\u2066\nb\tc");
    expect(safe('é 😀 日本 \\ "')).toBe('é 😀 日本 \\ "');
  });

  it("keep JSON what it is", () => {
    const json = safeJson({ [hostile]: hostile });
    expect(JSON.parse(json)).toEqual({ [hostile]: hostile });
    expect(json).not.toMatch(/[\p{Cc}\u202e\u2066]/u);
  });
});

describe("values", () => {
  it.each([
    ["text", bytes("é\n"), { text: "é\n" }],
    ["nothing", bytes(""), { text: "" }],
    ["a byte order mark", new Uint8Array([0xef, 0xbb, 0xbf, 0x61]), { text: "\uFEFFa" }],
    ["a NUL", new Uint8Array([0]), { text: "\0" }],
    ["other bytes", new Uint8Array([0xff, 0, 1]), { base64: "/wAB" }],
    ["UTF-8 of a surrogate", new Uint8Array([0xed, 0xa0, 0x80]), { base64: "7aCA" }],
  ])("are JSON: %s", (_, value, json) => {
    expect(toJson(value)).toEqual(json);
    expect(new Uint8Array(fromJson(json, "it"))).toEqual(value);
  });

  it("can be text alone", () => {
    expect(fromJson("x", "it")).toEqual(bytes("x"));
  });

  it("are shown in one line", () => {
    expect(preview(undefined)).toBe("nothing");
    expect(preview(bytes("a\nb"))).toBe('"a\\nb"');
    expect(preview(new Uint8Array([0, 1]))).toBe("(binary, 2 bytes)");
    expect(preview(bytes("x".repeat(100)), 10)).toBe('"xxxxxxxx… (100 bytes)');
    expect(preview(bytes("\n".repeat(8)), 10)).toBe('"\\n\\n\\n\\n… (8 bytes)');
    expect(isShowable(bytes("a\0"))).toBe(false);
  });

  it("are compared from where they part", () => {
    const same = "x".repeat(100);
    expect(previews([bytes("one"), undefined, bytes("two")])).toEqual(['"one"', "nothing", '"two"']);
    expect(previews([bytes(`${same}1`), undefined, bytes(`${same}22`)])).toEqual([
      '…"xxxxxxxxxx1"',
      "nothing",
      '…"xxxxxxxxxx22"',
    ]);
    // The common start ends within a character, and what is shown could begin within another one.
    expect(previews([bytes("😀".repeat(50)), bytes(`${"😀".repeat(49)}😁`)])).toEqual([
      `…"${"😀".repeat(6)}"`,
      `…"${"😀".repeat(5)}😁"`,
    ]);
    expect(previews([bytes(same), new Uint8Array([0])])).toEqual([
      `"${"x".repeat(58)}… (100 bytes)`,
      "(binary, 1 byte)",
    ]);
  });

  it("are counted", () => {
    expect([count(0, "key"), count(1, "key"), count(1234, "key")]).toEqual(["0 keys", "1 key", "1,234 keys"]);
  });
});

describe("a word of a command to copy", () => {
  it.each([
    ["draft/2~1", "draft/2~1"],
    ["a b", "'a b'"],
    ["$(rm x)", "'$(rm x)'"],
    ["it's", "'it'\\''s'"],
    ["~", "'~'"],
    ["", "''"],
    ["a\u202eb", "'a\\u202eb'"],
  ])("%s is %s", (name, word) => {
    expect(shellWord(name)).toBe(word);
  });
});

describe("errors", () => {
  it("name a few keys of many", () => {
    const conflicts = Array.from({ length: 9 }, (_, i) => {
      return { key: `k${i}`, old: undefined, ours: undefined, theirs: undefined };
    });
    expect(explain(new MergeConflict(conflicts)).what).toBe(
      'Others changed the same keys meanwhile: "k0", "k1", "k2", "k3", "k4" and 4 others.',
    );
  });

  it("say that a value is too large for JSON, in text or in Base64", () => {
    const tooLong = { exitCode: 4, what: "A value is too large for JSON." };
    expect(() => "x".repeat(2 ** 30)).toThrow(expect.toSatisfy((error) => explain(error).what === tooLong.what));
    expect(explain(Object.assign(new Error("too long"), { code: "ERR_STRING_TOO_LONG" }))).toMatchObject(tooLong);
  });

  it("say where a missing driver of a folder belongs", () => {
    const cause = Object.assign(new Error("Cannot find module 'lmdb'"), { code: "MODULE_NOT_FOUND" });
    expect(explain(new StorageError("no", { cause })).cure).toMatch(/installed beside it/);
  });

  it("say what LMDB may not do", () => {
    const cause = Object.assign(new Error("Permission denied"), { code: constants.errno.EACCES });
    expect(explain(new StorageError("no", { cause })).cure).toMatch(/^Who only reads must be allowed to write/);
  });
});

describe("tables", () => {
  it("have columns", () => {
    expect(
      table([
        ["a", "1"],
        ["😀b", "22"],
      ]),
    ).toEqual(["a   1", "😀b  22"]);
  });
});

describe("what a commit says", () => {
  it.each([
    [undefined, "(no info)"],
    [{ why: "w", by: "b", time: "2026-01-02T03:04:05.678Z" }, "w (b, 2026-01-02 03:04Z)"],
    [{ time: "today" }, "(today)"],
    [{ step: 1 }, '{"step":1}'],
    [{ why: "a\u001b" }, "a\\x1b"],
  ])("%j is %s", (info, text) => {
    expect(describeInfo(info)).toBe(text);
  });
});
