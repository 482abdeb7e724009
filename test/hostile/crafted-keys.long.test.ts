import { testCraftedEdits, testCraftedKeys } from "./crafted-keys.ts";

testCraftedKeys(100_000);
testCraftedEdits(500);
