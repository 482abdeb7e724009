import { setTimeout as sleep } from "node:timers/promises";
import type { S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../../src/conformance/check.ts";
import { StorageError } from "../../src/errors.ts";
import { probeS3, type S3Api, type S3Options, type S3Page, S3Store } from "../../src/kv/s3.ts";
import { runConformance } from "../conformance/run.ts";
import { versionedModelProperty } from "../model/property.ts";
import { lacks } from "../support/needs.ts";
import { hasS3 } from "../support/s3-server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { remoteFactory } from "./remote/factory.ts";
import { connectTo, type Remote } from "./remote/open.ts";
import { startS3 } from "./remote/s3.ts";
import { BUCKET, connectS3 } from "./remote/s3-client.ts";
import type { RemoteServer } from "./remote/server.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
/** What takes hundreds of requests is in the long part. */
const isShort = ({ topic, name }: { readonly topic: string; readonly name: string }): boolean =>
  topic !== "keys" &&
  !/^(swaps exactly|batches may be large|clear\(\) removes|every kind|increments|of those that create the same keys)/.test(
    name,
  );

/** What an error of the client looks like. */
function refused(httpStatusCode: number, name: string, attempts = 1): Error {
  return Object.assign(new Error("no"), { name, $metadata: { httpStatusCode, attempts } });
}

/** A client of which each call of `putObject` ends with the next of `outcomes`. */
function answering(...outcomes: (Error | "written")[]): S3Api & { asked: number } {
  const none = async (): Promise<never> => Promise.reject(refused(404, "NoSuchKey"));
  return {
    asked: 0,
    getObject: none,
    deleteObject: none,
    deleteObjects: none,
    listObjectsV2: none,
    async putObject() {
      const outcome = outcomes[this.asked++] ?? "written";
      if (outcome !== "written") throw outcome;
      return { ETag: '"1"' };
    },
  };
}

describe("new S3Store", () => {
  it.each([
    [undefined, { bucket: "b" }, TypeError],
    [{}, { bucket: "b" }, TypeError],
    [answering(), {}, TypeError],
    [answering(), undefined, TypeError],
    [answering(), { bucket: "b", perfix: "p" }, TypeError],
    [answering(), { bucket: "b", prefix: 1 }, TypeError],
    [answering(), { bucket: "b", prefix: "" }, RangeError],
    [answering(), { bucket: "b", prefix: "/a" }, RangeError],
    [answering(), { bucket: "b", prefix: "a/" }, RangeError],
    [answering(), { bucket: "b", prefix: "a/../b" }, RangeError],
    [answering(), { bucket: "b", prefix: "ä" }, RangeError],
    [answering(), { bucket: "b", prefix: "x".repeat(101) }, RangeError],
  ])("refuses %j with the options %j", (client, options, type) => {
    expect(() => new S3Store(client as S3Api, options as S3Options)).toThrow(type);
  });
});

describe("a conditional write", () => {
  const create = (client: S3Api): Promise<boolean> =>
    new S3Store(client, { bucket: "b" }).cas("k", bytes(1), undefined);

  it("that met another one is tried again", async () => {
    const client = answering(refused(409, "ConditionalRequestConflict"), refused(409, "OperationAborted"));
    expect(await create(client)).toBe(true);
    expect(client.asked).toBe(3);
  });

  it("is not tried for ever", async () => {
    const client = answering(...Array<Error>(20).fill(refused(409, "ConditionalRequestConflict")));
    await expect(create(client)).rejects.toBeInstanceOf(StorageError);
    expect(client.asked).toBe(8);
  });

  it.each([
    refused(412, "PreconditionFailed", 2),
    refused(409, "ConditionalRequestConflict", 2),
    refused(404, "NoSuchBucket"),
    refused(503, "SlowDown", 3),
    Object.assign(new Error("PreconditionFailed"), { name: "PreconditionFailed" }),
  ])(
    "that may have happened, or was not refused for its condition, throws and is not tried again: %j",
    async (error) => {
      const client = answering(error);
      await expect(create(client)).rejects.toMatchObject({ code: "VKV_STORAGE", cause: error });
      expect(client.asked).toBe(1);
    },
  );
});

/** `real`, with another way to write, and without conditions for what is deleted. */
function withPut(real: S3, putObject: S3Api["putObject"]): S3Api {
  return {
    putObject,
    getObject: (input) => real.getObject(input),
    deleteObject: ({ Bucket, Key }) => real.deleteObject({ Bucket, Key }),
    deleteObjects: (input) => real.deleteObjects(input),
    listObjectsV2: (input) => real.listObjectsV2(input),
  };
}

/** Tests on a server that all of them share. */
function onServer(kind: "moto" | "versitygw", tests: (server: () => RemoteServer, open: Opener) => void): void {
  describe.skipIf(lacks(kind, hasS3(kind)))(`S3Store on ${kind}`, () => {
    let server: RemoteServer;
    let connections: readonly [Remote, Remote];
    const clients: S3[] = [];
    beforeAll(async () => {
      server = await startS3(kind);
      connections = [await connectTo(server.place), await connectTo(server.place)];
    });
    afterAll(async () => {
      for (const client of clients) client.destroy();
      await Promise.all(connections.map(async (each) => each.close()));
      await server.stop();
    });
    const client = (port = server.place.ports[0] ?? 0, maxAttempts = 3): S3 => {
      const opened = connectS3(port, maxAttempts);
      clients.push(opened);
      return opened;
    };
    tests(() => server, { factory: remoteFactory(() => connections), client });
  });
}

interface Opener {
  readonly factory: ReturnType<typeof remoteFactory>;
  readonly client: (port?: number, maxAttempts?: number) => S3;
}

onServer("moto", (_, { factory, client }) => {
  // Its conditional writes are not atomic under load, as `probeS3` finds now and then: no races.
  runConformance("moto", factory, (test) => test.topic === "cas" && isShort(test));

  it("is found to delete on conditions", async () => {
    expect(await probeS3(client(), { bucket: BUCKET })).toMatchObject({ conditionalDeletes: true });
  });

  it("is found out when it ignores conditions", async () => {
    const real = client();
    const deletesAnyway: S3Api = withPut(real, (input) => real.putObject(input));
    expect(await probeS3(deletesAnyway, { bucket: BUCKET })).toMatchObject({ conditionalDeletes: false });
    const writesAnyway = withPut(real, ({ Bucket, Key, Body }) => real.putObject({ Bucket, Key, Body }));
    expect((await probeS3(writesAnyway, { bucket: BUCKET })).conditionalWrites).toBe("ignored");
    // It looks first, and writes then.
    const looks = withPut(real, async (input) => {
      const { ETag } = await real
        .headObject({ Bucket: input.Bucket, Key: input.Key })
        .catch(() => ({ ETag: undefined }));
      if (input.IfNoneMatch !== undefined && ETag !== undefined) throw refused(412, "PreconditionFailed");
      if (input.IfMatch !== undefined && input.IfMatch !== ETag) throw refused(412, "PreconditionFailed");
      return real.putObject({ Bucket: input.Bucket, Key: input.Key, Body: input.Body });
    });
    expect((await probeS3(looks, { bucket: BUCKET })).conditionalWrites).toBe("racing");

    const store = new S3Store(deletesAnyway, { bucket: BUCKET, prefix: "anyway" });
    await store.set("k", bytes(1));
    expect(await store.cas("k", undefined, bytes(2))).toBe(false);
    expect(await store.cas("k", undefined, bytes(1))).toBe(true);
    expect(await store.cas("k", undefined, bytes(1))).toBe(false);
    expect((await real.listObjectsV2({ Bucket: BUCKET, Prefix: "anyway!/" })).KeyCount).toBe(1);
  });

  it("removes objects on a condition", async () => {
    const store = new S3Store(client(), { bucket: BUCKET, prefix: "removing" });
    await store.set("k", bytes(1));
    expect(await store.cas("k", undefined, bytes(2))).toBe(false);
    expect(await store.cas("k", undefined, bytes(1))).toBe(true);
    expect((await client().listObjectsV2({ Bucket: BUCKET, Prefix: "removing!/" })).KeyCount).toBe(0);
  });
});

onServer("versitygw", (server, { factory, client }) => {
  runConformance("versitygw", factory, isShort);

  it("does what the model does", () => versionedModelProperty(() => factory.create(), { numRuns: 1, steps: 20 }));

  it("is found to delete without telling whether there was anything", async () => {
    expect(await probeS3(client(), { bucket: BUCKET })).toEqual({
      conditionalWrites: "atomic",
      conditionalDeletes: false,
    });
  });

  it("leaves an empty object for a removed key, which is nothing, until it is used again or the store is cleared", async () => {
    const store = new S3Store(client(), { bucket: BUCKET, prefix: "removing" });
    const sizes = async (): Promise<(number | undefined)[]> =>
      ((await client().listObjectsV2({ Bucket: BUCKET, Prefix: "removing!/" })).Contents ?? []).map(({ Size }) => Size);
    await store.setMany({ k: bytes(1), l: bytes(1) });
    expect(await store.cas("k", undefined, bytes(1))).toBe(true);
    expect(await store.cas("l", undefined, bytes(1))).toBe(true);
    expect(await sizes()).toEqual([0, 0]);
    expect([await store.get("k"), await store.has("k"), await collect(store.keys())]).toEqual([undefined, false, []]);
    expect(await store.createMany({ k: bytes(2) })).toEqual([]);
    expect(await store.get("k")).toEqual(bytes(2));
    await store.clear();
    expect(await sizes()).toEqual([]);
  });

  it("lets one of several that remove a key do so", async () => {
    const store = new S3Store(client(), { bucket: BUCKET, prefix: "contended" });
    await store.set("k", bytes(1));
    const removals = await Promise.all([1, 2, 3].map(() => store.cas("k", undefined, bytes(1))));
    expect(removals.sort()).toEqual([false, false, true]);
  });

  it("leaves other objects of the bucket alone", async () => {
    const other = { Bucket: BUCKET, Key: "shared!/notes.txt" };
    await client().putObject({ ...other, Body: "mine" });
    const store = new S3Store(client(), { bucket: BUCKET, prefix: "shared" });
    await store.set("k", bytes(1));
    expect(await collect(store.keys())).toEqual(["k"]);
    await store.clear();
    expect(await (await client().getObject(other)).Body?.transformToString()).toBe("mine");
  });

  it("shares a bucket with stores whose prefixes begin like its own", async () => {
    const prefixes = ["near", "near/b", "near/b/n", "near-b"];
    const stores = prefixes.map((prefix) => new S3Store(client(), { bucket: BUCKET, prefix }));
    for (const [i, store] of stores.entries()) await store.setMany({ "b/main": bytes(i), "n/1": bytes(i) });
    for (const store of stores) expect((await collect(store.keys())).sort()).toEqual(["b/main", "n/1"]);
    await stores[0]?.clear();
    for (const [i, store] of stores.entries()) expect(await collect(store.keys())).toHaveLength(i === 0 ? 0 : 2);
  });

  it("takes no half of a listing for all of it", async () => {
    const real = client();
    const spoilt = (spoil: (page: S3Page) => S3Page): S3Store =>
      new S3Store(
        {
          ...withPut(real, (input) => real.putObject(input)),
          listObjectsV2: async (input) => spoil(await real.listObjectsV2({ ...input, MaxKeys: 2 })),
        },
        { bucket: BUCKET, prefix: "half" },
      );
    // Some services give an empty token on the last page.
    const whole = spoilt((page) => ({ NextContinuationToken: "", ...page }));
    await whole.setMany({ a: bytes(1), b: bytes(), c: bytes(3) });
    expect(await collect(whole.keys())).toEqual(["a", "b", "c"]);
    // The first is what the SDK makes of an answer without a body.
    for (const spoil of [() => ({}), ({ Contents }: S3Page) => ({ Contents, IsTruncated: true })]) {
      await expect(collect(spoilt(spoil).keys())).rejects.toMatchObject({ code: "VKV_STORAGE" });
      await expect(spoilt(spoil).clear()).rejects.toMatchObject({ code: "VKV_STORAGE" });
    }
    const sizeless = spoilt((page) => ({ ...page, Contents: page.Contents?.map(({ Key }) => ({ Key })) }));
    await whole.set("c", bytes(3));
    expect(await collect(sizeless.keys())).toContain("c");
  });

  it("says what the server said", async () => {
    const store = new S3Store(client(), { bucket: "there-is-none" });
    for (const call of [() => store.get("k"), () => store.cas("k", bytes(1), undefined), () => collect(store.keys())]) {
      const error: unknown = await call().catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(StorageError);
      expect(error).toMatchObject({ message: expect.stringContaining("NoSuchBucket") });
    }
  });

  it("compares values, not ETags: the same bytes written anew count as unchanged", async () => {
    let written = 0;
    const real = client();
    // As servers with encryption of their own do, it gives each write another ETag: here, that of other bytes.
    const salted: S3Api = {
      ...withPut(real, (input) => real.putObject({ ...input, Body: bytes(...input.Body, written++) })),
      getObject: async (input) => {
        const { Body, ETag } = await real.getObject(input);
        const body = (await Body?.transformToByteArray()) ?? bytes();
        return { ETag, Body: { transformToByteArray: async () => body.slice(0, -1) } };
      },
    };
    const [one, other] = [0, 1].map(() => new S3Store(salted, { bucket: BUCKET, prefix: "salted" }));
    await one?.set("k", bytes(1));
    await other?.set("k", bytes(1));
    expect(await one?.cas("k", bytes(2), bytes(1))).toBe(true);
    expect(await other?.cas("k", bytes(3), bytes(1))).toBe(false);
    expect(await other?.get("k")).toEqual(bytes(2));
  });

  it("does not take its own write for another's when an answer is lost", async () => {
    const proxy = await TcpProxy.start(server().place.ports[0] ?? 0);
    const store = new S3Store(client(proxy.port, 20), { bucket: BUCKET, prefix: "lost" });
    const losingOnce = async <T>(write: () => Promise<T>): Promise<T> => {
      proxy.losesAnswers = true;
      const done = write();
      done.catch(() => undefined);
      await sleep(60);
      proxy.losesAnswers = false;
      return done;
    };
    await store.set("k", bytes(1));
    await expect(losingOnce(() => store.cas("k", bytes(2), bytes(1)))).rejects.toMatchObject({ code: "VKV_STORAGE" });
    expect(await store.get("k")).toEqual(bytes(2));
    expect(await losingOnce(() => store.createMany({ a: bytes(1), b: bytes(2) }))).toEqual([]);
    expect(await losingOnce(() => store.getMany(["a", "b"]))).toEqual(
      new Map([
        ["a", bytes(1)],
        ["b", bytes(2)],
      ]),
    );
    await proxy.stop();
  });
});
