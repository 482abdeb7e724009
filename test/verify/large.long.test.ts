import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Disk } from "vkv/disk";
import { bundleProgram, linkPackages } from "../support/child.ts";
import { inTempFolder, node } from "../support/run.ts";
import type { Taken } from "./children/large.ts";

const MB = 2 ** 20;

describe("a verification of a large store", () => {
  it("takes bounded memory, sound or not", async () => {
    await inTempFolder(async (folder) => {
      linkPackages(folder);
      const program = await bundleProgram(new URL("children/large.ts", import.meta.url), folder);
      const path = join(folder, "store");
      mkdirSync(path);
      const filled = await node([program, "fill", path, "1300000", "20000"]);
      expect(filled).toMatchObject({ code: 0, stderr: "" });
      const measure = async (): Promise<Taken> => {
        // What does not fit into the heap ends the program.
        const { code, stdout, stderr } = await node(["--max-old-space-size=128", program, "verify", path]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        const taken = JSON.parse(stdout) as Taken;
        expect(taken.peak).toBeLessThan(224 * MB);
        return taken;
      };
      const sound = await measure();
      expect(sound).toMatchObject({ ok: true, problems: 0 });
      expect(sound.chunks).toBeGreaterThan(200_000);

      // Every tenth node is lost.
      const store = new Disk(path, { durable: false });
      const nodes = [...store.keys("n/")];
      await store.removeMany(nodes.filter((_, i) => i % 10 === 0));
      await store.close();
      expect(await measure()).toMatchObject({ ok: false, problems: 1000 });
    });
  });
});
