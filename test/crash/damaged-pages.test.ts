import { expect, it } from "vitest";
import { folders } from "../kv/folders.ts";
import { damagePages } from "./damaged-pages.ts";

const newFolder = folders();

it("a damaged page is never read as if it were right, though LMDB may end the process", async () => {
  const seed = Date.now() % 1e9;
  const outcomes = await damagePages(newFolder(), 10, seed);
  console.log({ seed, ...outcomes });
  expect(outcomes).toMatchObject({ wrong: 0 });
});
