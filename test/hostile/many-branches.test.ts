import { testManyBranches } from "./many-branches.ts";

testManyBranches(30_000);
