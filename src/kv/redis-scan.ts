/** Goes through all keys once, page by page. Like Redis's SCAN, it gives every key that is there throughout, some repeatedly. */
export type Scan = () => AsyncIterable<readonly string[]>;

/** How many keys are held in memory at a time, to know repeated ones: some 150 MB for keys of 50 characters. */
const HELD = 1_000_000;

/**
 * What `scan` gives, each key once, with no more than about `held` keys in memory: if there are more, in several passes,
 * each for a part of the keys.
 *
 * @param atMost how many keys there are at most
 */
export async function* eachOnce(scan: Scan, atMost: number, held: number = HELD): AsyncIterableIterator<string> {
  const passes = atMost <= held ? 1 : Math.ceil((await count(scan)) / held);
  for (let pass = 0; pass < passes; pass++) {
    const seen = new Set<string>();
    for await (const page of scan()) {
      for (const key of page) {
        if ((passes > 1 && fnv1a(key) % passes !== pass) || seen.has(key)) continue;
        seen.add(key);
        yield key;
      }
    }
  }
}

async function count(scan: Scan): Promise<number> {
  let sum = 0;
  for await (const page of scan()) sum += page.length;
  return sum;
}

/** The hash FNV-1a, of the text's UTF-16 units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
