import fc from "fast-check";
import { Memory } from "../../src/kv/memory.ts";
import type { Awaitable, KVStore } from "../../src/kv/store.ts";
import { propertyOptions } from "../support/seed.ts";
import { Run } from "./run.ts";
import { anyStep } from "./steps.ts";

/** Opens an empty store. It is closed after its run. */
export type OpenStore = () => Awaitable<KVStore>;

/**
 * Random steps over several handles on one store, each compared with the plain model. A failure prints its seed, and the
 * smallest steps that fail; `VKV_SEED` replays it.
 *
 * @example
 * it("does what the model does", () => versionedModelProperty(() => new MyStore()), 60_000);
 */
export async function versionedModelProperty(
  openStore: OpenStore = () => new Memory(),
  { numRuns = 100, steps = 60 }: { readonly numRuns?: number; readonly steps?: number } = {},
): Promise<void> {
  const universe = fc.constantFrom("few" as const, "few" as const, "odd" as const, "many" as const);
  // Lengths are even between 1 and the maximum, so that a run has `steps` on average.
  const list = fc.array(anyStep, { minLength: 1, maxLength: 2 * steps - 1, size: "max" });
  await fc.assert(
    fc.asyncProperty(universe, list, fc.nat(), async (keys, chosen, seed) => {
      const store = await openStore();
      try {
        await Run.of(keys, chosen, store, seed);
      } finally {
        await store.close();
      }
    }),
    propertyOptions({ numRuns }),
  );
}
