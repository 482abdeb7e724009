import { describe, expect, it } from "vitest";
import { parseStoreUrl } from "../../src/cli/store-url.ts";

describe("a store's URL", () => {
  it.each([
    ["./notes", { kind: "disk", folder: "./notes" }],
    ["notes", { kind: "disk", folder: "notes" }],
    ["C:\\notes", { kind: "disk", folder: "C:\\notes" }],
    ["disk:./notes", { kind: "disk", folder: "./notes" }],
    ["disk:///var/notes", { kind: "disk", folder: "/var/notes" }],
    ["redis://h:1/2?prefix=p", { kind: "redis", url: "redis://h:1/2", prefix: "p" }],
    ["rediss://u:p@h", { kind: "redis", url: "rediss://u:p@h", prefix: undefined }],
    [
      "postgres://u@h/d?sslmode=require&table=t&schema=s",
      { kind: "postgres", url: "postgres://u@h/d?sslmode=require", table: "t", schema: "s" },
    ],
    [
      "s3://bucket/a/b/?region=r&endpoint=http://localhost:9000",
      { kind: "s3", bucket: "bucket", prefix: "a/b", region: "r", endpoint: "http://localhost:9000" },
    ],
    ["s3://bucket", { kind: "s3", bucket: "bucket", prefix: undefined, region: undefined, endpoint: undefined }],
  ])("%s", (url, place) => {
    expect(parseStoreUrl(url)).toEqual(place);
  });

  it.each(["mysql://h/d", "disk:", "s3://", "redis://[", "s3://b/%zz", "s3://b?regoin=r"])("%s is none", (url) => {
    expect(() => parseStoreUrl(url)).toThrow(/is no store/);
  });

  it("is not repeated with its password", () => {
    expect(() => parseStoreUrl("mysql://me:secret@h/d")).toThrow('"mysql://***@h/d" is no store');
  });
});
