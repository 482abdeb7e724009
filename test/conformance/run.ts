import { describe, it } from "vitest";
import { canRun, conformance, type StoreFactory } from "../../src/conformance/index.ts";

/** Runs the whole suite on the stores of `factory`. */
export function runConformance(name: string, factory: StoreFactory): void {
  describe(`the conformance suite on ${name}`, () => {
    for (const test of conformance.filter((each) => canRun(each, factory))) {
      it(`${test.topic}: ${test.name}`, () => test.run(factory));
    }
  });
}
