import { BranchNotFoundError, type KVStore, Versioned } from "../../index.ts";
import { failure, json, type Reply } from "../reply.ts";
import type { Call } from "../request.ts";
import { changes } from "./changes.ts";
import { commit } from "./commit.ts";
import { graph } from "./graph.ts";
import { history } from "./history.ts";
import { keys } from "./keys.ts";
import { merge, mergePreview } from "./merge.ts";
import { createBranch, createTag, deleteBranch, deleteTag, refs, resetBranch } from "./refs.ts";
import { search } from "./search.ts";
import { image, raw, value } from "./value.ts";

/** What a call is answered from. */
export interface Source {
  readonly store: KVStore;
  readonly isWritable: boolean;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Answers with data, from a handle on some branch. */
type Read = (v: Versioned, call: Call, signal: AbortSignal) => Promise<unknown>;

const READS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["POST graph", graph],
  ["GET commit", commit],
  ["GET keys", keys],
  ["GET search", search],
  ["GET value", value],
  ["GET changes", changes],
  ["GET history", history],
  ["GET merge", mergePreview],
]);

/** What a value is shown or kept as, outside of the page's data. */
const FILES: ReadonlyMap<string, (v: Versioned, call: Call) => Promise<Reply>> = new Map([
  ["GET raw", raw],
  ["GET image", image],
]);

const ORDERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["POST branch", createBranch],
  ["DELETE branch", deleteBranch],
  ["POST tag", createTag],
  ["DELETE tag", deleteTag],
  ["POST reset", resetBranch],
  ["POST merge", merge],
]);

/** Answers a call to the API. */
export async function answerCall(call: Call, { store, isWritable, signal }: Source): Promise<Reply> {
  if (call.name === "GET refs") return json({ ...(await refs(store)), isWritable });
  const file = FILES.get(call.name);
  if (file !== undefined) return file(await anyHandle(store), call);
  const order = ORDERS.get(call.name);
  if (order !== undefined && !isWritable) return failure(403, "The viewer was started to read only.");
  const work = order ?? READS.get(call.name);
  if (work === undefined) return failure(404, "There is no such resource.");
  return json(await work(await anyHandle(store), call, signal));
}

/** A handle to read the store with, which creates nothing. */
async function anyHandle(store: KVStore): Promise<Versioned> {
  const [branch] = await Versioned.branches(store);
  if (branch === undefined) throw new BranchNotFoundError("main");
  return Versioned.open(store, { branch, create: false });
}
