/** What was measured, as Markdown tables. */
import { median } from "./measure.mjs";
import { count, counted } from "./options.mjs";

/** A gap below this is a tie: a test drifts by up to 40 % from run to run. */
const TIE = 1.5;

/**
 * The table of one workload at one size.
 *
 * @param runs the metrics of each run, by system; vkv among them, or not
 */
export function tableOf(workload, size, runs) {
  const several = Math.max(...[...runs.values()].map((list) => list.length)) > 1;
  const rows = Object.entries(workload.metrics).flatMap(([key, metric]) =>
    rowsOf(metric, key, runs, metric.targets?.[size]),
  );
  const columns = [0, 1, 2, ...(several ? [3] : []), 4, 5, 6].filter(
    (column) => column < 4 || rows.some((cells) => cells[column] !== ""),
  );
  const head = ["", "", "median", "min–max", "against vkv", "target", "÷ target"];
  const lines = aligned([head, ...rows].map((cells) => columns.map((column) => cells[column])));
  return [`### ${workload.id}, ${count(size)} keys`, "", ...lines].join("\n");
}

/** The size that a table's heading names. */
export function sizeOf(table) {
  const [, size] = /^### \w+, (\w+) keys$/m.exec(table);
  return counted(size);
}

/** The row of each system for one metric. */
function rowsOf({ title, unit, baseline }, key, runs, target) {
  const base = summary(runs.get("vkv"), key);
  return [...runs].flatMap(([name, list]) => {
    const found = summary(list, key);
    if (found === undefined) return [];
    return [
      [
        title,
        name,
        format(found.median, unit),
        spread(found, unit),
        name === "vkv" || baseline ? "" : against(found.median, base?.median, unit),
        target === undefined ? "" : format(target, unit),
        target === undefined ? "" : verdict(found.median, target, unit),
      ],
    ];
  });
}

/** The lines of a table whose columns line up: `names` to the left, figures to the right. */
export function aligned(rows, names = 2) {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((cells) => cells[column].length)));
  const lines = rows.map((cells) =>
    row(cells.map((cell, i) => (i < names ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))),
  );
  const rule = row(widths.map((width, i) => (i < names ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)));
  return [lines[0], rule, ...lines.slice(1)];
}

const row = (cells) => `| ${cells.join(" | ")} |`;

export function summary(runs, key) {
  const values = (runs ?? []).map((metrics) => metrics[key]).filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
}

function spread({ min, max, runs }, unit) {
  return runs === 1 ? "one run" : `${number(min)}–${format(max, unit)}`;
}

/** How many times as much (or as little, of a rate) as vkv. */
function against(value, base, unit) {
  // A difference of two times can be negative.
  if (base === undefined || base <= 0 || value <= 0) return "";
  const worse = isRate(unit) ? base / value : value / base;
  if (worse < TIE && worse > 1 / TIE) return `tie (${worse.toFixed(2)}×)`;
  const [times, word] = worse > 1 ? [worse, "worse"] : [1 / worse, "better"];
  return `${ratio(times)}× ${word}`;
}

/** The value as a part of the target, at most 1 when it is reached. */
function verdict(value, target, unit) {
  const times = isRate(unit) ? target / value : value / target;
  return `${times <= 1 ? "✓" : "✗"} ${ratio(times)}`;
}

const isRate = (unit) => unit === "/s";

const ratio = (times) => (times < 10 ? times.toFixed(2) : number(times));

export function format(value, unit) {
  return `${number(value)} ${unit}`;
}

/** Three digits that count. */
function number(value) {
  if (value === 0) return "0";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
