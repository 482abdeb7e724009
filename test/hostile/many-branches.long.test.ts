import { testManyBranches } from "./many-branches.ts";

testManyBranches(1_000_000);
