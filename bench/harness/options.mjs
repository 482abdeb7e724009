/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import { workloads } from "../workloads/index.mjs";

const HELP = `npm run bench -- [workloads] [options]

  --peers all|none|lmdb,okra   which systems beside vkv (all)
  --base ../other              also vkv of another clone, built: before and after, side by side
  --runs 5                     processes of each system for each workload (5; the median counts)
  --patience 60                a run that took so many seconds is not repeated (60)
  --sizes 1k,100k,1M           how many keys (those of each workload up to 100k; with --write, all)
  --quick                      one run, a quarter of the rounds: a few seconds
  --profile [folder]           a CPU profile of vkv's rounds, one run; prints the functions that took longest
  --write                      writes bench/results.md
  --list                       the workloads

Workloads: all, or some of ${workloads.map(({ id }) => id).join(" ")}`;

/** @returns the options, or undefined if help was asked for */
export function parseOptions(args) {
  const { values, positionals } = parseArgs({
    args: withFolder(args),
    allowPositionals: true,
    options: {
      peers: { type: "string", default: "all" },
      base: { type: "string" },
      runs: { type: "string" },
      patience: { type: "string" },
      sizes: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "string" },
      write: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return undefined;
  }
  if (values.list) {
    for (const { id, title, sizes } of workloads)
      console.log(`${id.padEnd(4)} ${title}; ${sizes.map(count).join(", ")} keys`);
    return undefined;
  }
  if (values.write && values.quick) throw new Error("--write wants full runs, without --quick.");
  const single = values.quick || values.profile !== undefined;
  return {
    ...values,
    runs: values.runs === undefined ? (single ? 1 : 5) : whole(values.runs),
    patience: values.patience === undefined ? 60 : whole(values.patience),
    chosen: choose(positionals),
    sizesOf: sizesOf(values.sizes, values.write),
  };
}

/** `--profile` may stand without a folder. */
function withFolder(args) {
  return args.flatMap((arg, i) =>
    arg === "--profile" && (args[i + 1] ?? "-").startsWith("-") ? ["--profile", ""] : [arg],
  );
}

function choose(ids) {
  if (ids.length === 0) return workloads;
  return ids.map((wanted) => {
    const found = workloads.find(({ id }) => id.toLowerCase() === wanted.toLowerCase());
    if (found === undefined) throw new Error(`No workload ${wanted}.\n\n${HELP}`);
    return found;
  });
}

function sizesOf(given, all) {
  const sizes = given?.split(",").map(counted);
  return (workload) => {
    if (sizes !== undefined) return sizes;
    const usual = all ? workload.sizes : workload.sizes.filter((size) => size <= 100_000);
    return usual.length > 0 ? usual : workload.sizes;
  };
}

/** "100k" → 100000. */
export function counted(text) {
  return whole(text.replace(/k$/i, "000").replace(/M$/, "000000"));
}

function whole(text) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${text} is no whole number from 1 on.\n\n${HELP}`);
  return number;
}

/** 100000 → "100k". */
export function count(number) {
  if (number % 1_000_000 === 0) return `${number / 1_000_000}M`;
  return number % 1000 === 0 ? `${number / 1000}k` : String(number);
}
