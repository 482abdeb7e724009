import type { KVStore } from "../kv/store.ts";
import { type ConformanceCase, onStore, onTwo } from "./case.ts";
import { bytes, check, checkBytes, checkSame } from "./check.ts";

const RACERS = 16;

/** Writers at the same time, on one store and on two that store the same. */
export const races: readonly ConformanceCase[] = (
  [
    ["of those that create one key, exactly one succeeds", oneCreates],
    ["of those that swap one value, exactly one succeeds", oneSwaps],
    ["of those that remove one value, exactly one succeeds", oneRemoves],
    ["of those that create the same keys by createMany, each key has one creator", eachCreatedOnce],
    ["increments by cas are never lost", countersAddUp],
    ["cas and set of one key never mix", casAndSet],
  ] as const
).flatMap(([name, run]) => [
  onStore("races", name, async (store) => run(store, store)),
  onTwo("races", `${name}, across two stores`, run),
]);

/** What `work` returns for each racer, on the two stores in turn. */
async function race<T>(
  one: KVStore,
  other: KVStore,
  work: (store: KVStore, racer: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(Array.from({ length: RACERS }, async (_, i) => work(i % 2 === 0 ? one : other, i)));
}

function checkOne(won: readonly boolean[]): number {
  const winners = won.filter(Boolean).length;
  check(winners === 1, `${winners} of ${RACERS} succeeded; it must be exactly one.`);
  return won.indexOf(true);
}

async function oneCreates(one: KVStore, other: KVStore): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const key = `k${round}`;
    const winner = checkOne(await race(one, other, async (store, i) => store.cas(key, bytes(i), undefined)));
    checkBytes(await other.get(key), bytes(winner), "The value must be the winner's");
  }
}

async function oneSwaps(one: KVStore, other: KVStore): Promise<void> {
  await one.set("k", bytes(255));
  const winner = checkOne(await race(one, other, async (store, i) => store.cas("k", bytes(i), bytes(255))));
  checkBytes(await other.get("k"), bytes(winner), "The value must be the winner's");
}

async function oneRemoves(one: KVStore, other: KVStore): Promise<void> {
  if (!one.traits.conditionalRemove) return;
  await one.set("k", bytes(255));
  checkOne(await race(one, other, async (store) => store.cas("k", undefined, bytes(255))));
  checkBytes(await other.get("k"), undefined, "The key must be gone");
}

async function eachCreatedOnce(one: KVStore, other: KVStore): Promise<void> {
  const keys = Array.from({ length: 20 }, (_, i) => `n/${i}`);
  const created = await race(one, other, async (store, i) => {
    const existing = new Set(await store.createMany(keys.map((key) => [key, bytes(i)] as const)));
    return keys.filter((key) => !existing.has(key));
  });
  checkSame(created.flat(), keys, "The keys that the racers created");
  for (const [racer, own] of created.entries()) {
    for (const key of own) checkBytes(await one.get(key), bytes(racer), "The value must be its creator's");
  }
}

async function countersAddUp(one: KVStore, other: KVStore): Promise<void> {
  const rounds = 5;
  await race(one, other, async (store) => {
    let attempts = 0;
    for (let done = 0; done < rounds; ) {
      const old = await store.get("counter");
      if (await store.cas("counter", bytes((old?.[0] ?? 0) + 1), old)) done++;
      // Each attempt that fails does so because another one succeeded.
      check(++attempts <= RACERS * rounds, "cas fails though nobody else has changed the value that get returned.");
    }
  });
  checkBytes(await one.get("counter"), bytes(RACERS * rounds), "The counter");
}

async function casAndSet(one: KVStore, other: KVStore): Promise<void> {
  await one.set("k", bytes(0));
  await race(one, other, async (store, i) => {
    if (i % 4 === 0) await store.set("k", bytes(100, i));
    else await store.cas("k", bytes(i), bytes(0));
  });
  // Whatever the order, a cas from 0 cannot succeed after a set, so a set has the last word.
  check((await one.get("k"))?.[0] === 100, "A cas succeeded though a set had changed the value.");
}
