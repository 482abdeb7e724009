/**
 * How many runs a property has, and from which seed. A failure prints its seed; `VKV_SEED` replays it, and `VKV_RUNS`
 * sets the number of runs of every property.
 */
export function propertyOptions(defaults: { numRuns: number }): { numRuns: number; seed?: number } {
  const numRuns = fromEnvironment("VKV_RUNS") ?? defaults.numRuns;
  const seed = fromEnvironment("VKV_SEED");
  return seed === undefined ? { numRuns } : { numRuns, seed };
}

function fromEnvironment(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} must be an integer, not ${text}.`);
  return value;
}
