/** A JavaScript `Map`: what reads in memory can cost at least. */

export function create() {
  const map = new Map();
  return {
    load(entries) {
      for (const [key, value] of entries) map.set(key, value);
    },
    get: (key) => map.get(key),
    getMany(keys) {
      const found = new Map();
      for (const key of keys) {
        const value = map.get(key);
        if (value !== undefined) found.set(key, value);
      }
      return found.size;
    },
  };
}
