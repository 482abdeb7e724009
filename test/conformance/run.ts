import { describe, it } from "vitest";
import { type ConformanceCase, canRun, conformance, type StoreFactory } from "../../src/conformance/index.ts";

/** Runs the whole suite on the stores of `factory`, or the cases that are `chosen`. */
export function runConformance(
  name: string,
  factory: StoreFactory,
  chosen: (test: ConformanceCase) => boolean = () => true,
): void {
  describe(`the conformance suite on ${name}`, () => {
    for (const test of conformance.filter((each) => canRun(each, factory) && chosen(each))) {
      it(`${test.topic}: ${test.name}`, () => test.run(factory));
    }
  });
}
