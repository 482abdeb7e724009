/** Before all tests: builds dist if it is stale, for the tests that start processes or pack the package. */
import { build, isStale } from "../../scripts/build.mjs";

export default function setup(): void {
  if (isStale() && !build({ quiet: true })) {
    console.error("The build has errors (npm run build shows them): tests of dist and of the package will fail.");
  }
}
