import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../src/bytes.ts";
import * as portable from "../src/hash/sha256.ts";
import * as node from "../src/hash/sha256-node.ts";
import { propertyOptions } from "./support/seed.ts";

/** From FIPS 180-2 and NIST's examples. */
const VECTORS: readonly (readonly [name: string, data: Uint8Array, hash: string])[] = [
  ["nothing", new Uint8Array(0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", utf8("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "56 bytes",
    utf8("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["a million a", utf8("a".repeat(1_000_000)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

describe.each([
  ["Node's", node.sha256Hex],
  ["the portable", portable.sha256Hex],
])("%s SHA-256", (_, sha256Hex) => {
  it.each(VECTORS)("hashes %s", (_, data, hash) => {
    expect(sha256Hex(data)).toBe(hash);
  });

  it("hashes a view, not what lies around it", () => {
    const around = new Uint8Array(100).fill(7);
    expect(sha256Hex(around.subarray(10, 20))).toBe(sha256Hex(new Uint8Array(10).fill(7)));
  });
});

describe("both", () => {
  it("give the same for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        expect(portable.sha256Hex(data)).toBe(node.sha256Hex(data));
      }),
      propertyOptions({ numRuns: 300 }),
    );
  });
});
