import { testRows } from "./rows.ts";

testRows(1_000_000, 5);
