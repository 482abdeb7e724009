/** What options can be given, besides text. */
import { InvalidArgumentError } from "commander";

/** A whole number from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`It is no whole number from ${least} on.`);
  };
}

/** The number of a port. */
export function portNumber(text: string): number {
  const number = wholeNumber(1)(text);
  if (number > 65535) throw new InvalidArgumentError("It is no port: those end with 65535.");
  return number;
}

/** How many ms a unit has. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time, `90s` or `1.5h`, in ms. */
export function duration(text: string): number {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("It is no span of time, like 90s, 10m, 1.5h or 7d.");
  return Number(number) * (UNITS[unit] ?? 1);
}

/** An option that may be given several times. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
