/** All workloads, in the order of the table. */
import { durableOneKey, hundredKeys, lazyOneKey, oneKey } from "./commit.mjs";
import { branch, diff, merge } from "./compare.mjs";
import { coldPageCacheDropped, coldPageCacheWarm, warmGets, warmGetsOnDisk } from "./get.mjs";
import { growth } from "./growth.mjs";
import { history } from "./history.mjs";
import { shuffledLoad, sortedLoad } from "./load.mjs";
import { footprint, loadDiskMemory, loadMemory, openMemory, scanMemory, start } from "./process.mjs";
import { scan } from "./scan.mjs";

export const workloads = [
  sortedLoad,
  shuffledLoad,
  oneKey,
  durableOneKey,
  lazyOneKey,
  growth,
  hundredKeys,
  warmGets,
  warmGetsOnDisk,
  coldPageCacheWarm,
  coldPageCacheDropped,
  diff,
  merge,
  branch,
  scan,
  history,
  footprint,
  start,
  loadMemory,
  loadDiskMemory,
  scanMemory,
  openMemory,
];
