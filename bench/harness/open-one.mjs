/** Opens a store and gets one key: `node open-one.mjs <adapter> <folder> <key>`. Prints how long the value is. */
const [adapter, folder, key] = process.argv.slice(2);
const { reopen } = await import(adapter);
const system = await reopen(folder);
const value = await system.get(key);
await system.close?.();
console.log(value.length);
