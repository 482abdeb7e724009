import { Memory } from "../../src/kv/memory.ts";
import { Minimal } from "./minimal.ts";
import { runConformance } from "./run.ts";

runConformance("Memory", { create: () => new Memory() });
runConformance("a store of five methods", { create: () => new Minimal() });
