import { it } from "vitest";
import { runSeeds } from "./seeds.ts";

it("nothing is lost in many seeds", () => runSeeds(10_001, 6000));
