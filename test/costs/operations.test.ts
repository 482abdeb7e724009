import { testRows } from "./rows.ts";

testRows(1000, 3);
testRows(100_000, 4);
