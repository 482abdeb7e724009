/** Does with the store in the folder `argv[2]` what its parent tells it, and answers. */
import { Disk } from "../../../src/kv/disk.ts";

/** What the parent asks for. */
export type Request =
  | { do: "count"; times: number }
  | { do: "set"; key: string; value: number }
  | { do: "get"; key: string }
  | { do: "fill"; prefix: string; count: number; bytes: number }
  | { do: "hold" };

const store = new Disk(process.argv[2] ?? "");

async function carryOut(request: Request): Promise<unknown> {
  switch (request.do) {
    case "count":
      for (let done = 0; done < request.times; ) {
        const old = store.get("counter");
        const next = new Uint8Array(
          Uint32Array.of((old === undefined ? 0 : new DataView(old.buffer).getUint32(0, true)) + 1).buffer,
        );
        if (await store.cas("counter", next, old)) done++;
      }
      return undefined;
    case "set":
      await store.set(request.key, Uint8Array.of(request.value));
      return undefined;
    case "get":
      return store.get(request.key)?.[0];
    case "fill": {
      const entries = Array.from(
        { length: request.count },
        (_, i) => [`${request.prefix}${i}`, new Uint8Array(request.bytes).fill(i)] as const,
      );
      return (await store.createMany(entries)).length;
    }
    case "hold":
      await store.createMany({ "n/held": new Uint8Array(1) });
      process.send?.("held");
      // The turn never ends, and with it the transaction.
      for (;;);
  }
}

process.on("message", (request: Request) => {
  carryOut(request).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.("ready");
