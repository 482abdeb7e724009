import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { bundleProgram, Child, type Ending, linkPackages } from "../support/child.ts";

/** Processes that open and close one store, `times` each; returns what they missed, and how they ended. */
export async function openAndClose(
  folder: string,
  times: number,
  durable: boolean,
): Promise<{ missed: unknown[]; endings: Ending[] }> {
  const programs = join(folder, "programs");
  mkdirSync(programs);
  linkPackages(programs);
  const program = await bundleProgram(new URL("children/opener.ts", import.meta.url), programs);
  const missed: unknown[] = [];
  const children = ["a", "b", "c"].map((key) => {
    const args = [join(folder, "store"), String(durable), key, String(times)];
    return new Child(program, args, (report) => missed.push(report));
  });
  const endings = await Promise.all(children.map(async ({ ended }) => ended));
  return { missed, endings };
}
