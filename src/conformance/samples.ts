import type { KVStore } from "../kv/store.ts";

/** Keys that engines get wrong: separators, escapes, object properties, file names, look-alikes, and what surrogates border on. */
export const ODD_KEYS: readonly string[] = [
  ..."k K / // a/b a/ /a % %2F a%2Fb . .. ../x ~ * ? \\ ' \" ; : | con a.b".split(" "),
  " ",
  "a ",
  "\n",
  "\0",
  "a\0b",
  "a\0",
  "\u007f",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "é",
  "e\u0301",
  "ß",
  "\u{1f600}",
  "a\u{1f600}b",
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}",
  "\ud7ff",
  "\ue000",
  "\ufeffbom",
  "\ufffd",
  "\uffff",
  "\u{10000}",
  "\u{10ffff}",
  "n/AAAA",
  "c/AAAA",
  "b/main",
  "vkv/format",
];

/** Keys of exactly the greatest length, of one, two, three and four bytes a character. */
export function longestKeys(store: KVStore): string[] {
  const { maxKeyBytes } = store.traits;
  return ["x", "ü", "€", "\u{1f680}"].map((character, i) => {
    const count = Math.floor(maxKeyBytes / (i + 1));
    return character.repeat(count) + "y".repeat(maxKeyBytes - count * (i + 1));
  });
}

/** Keys that are strings but not allowed. */
export function invalidKeys(store: KVStore): string[] {
  const { maxKeyBytes } = store.traits;
  return [
    "",
    "\ud800",
    "\udc00",
    "a\ud83d",
    "\ude00a",
    "\ude00\ud83d",
    "x".repeat(maxKeyBytes + 1),
    `${"€".repeat(Math.floor(maxKeyBytes / 3))}xyz`,
  ];
}

/** What is no key at all. */
export const NO_KEYS: readonly unknown[] = [undefined, null, 1, true, {}, ["k"], Symbol("k"), new Uint8Array([107])];

/** What is no value. */
export const NO_VALUES: readonly unknown[] = [
  null,
  "text",
  1,
  [1],
  {},
  new ArrayBuffer(1),
  new Uint16Array(1),
  new Int8Array(1),
  new DataView(new ArrayBuffer(1)),
];
