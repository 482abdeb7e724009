/** The program on every kind of store, as processes. */
import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUCKET, connectS3 } from "../kv/remote/s3-client.ts";
import { VKV, vkvProcess } from "../support/cli.ts";
import { lacks } from "../support/needs.ts";
import { hasPostgres, PostgresServer } from "../support/postgres-server.ts";
import { hasRedis, RedisServer } from "../support/redis-server.ts";
import { inTempFolder, root } from "../support/run.ts";
import { hasS3, S3_CREDENTIALS, S3Server } from "../support/s3-server.ts";

/** Commits, branches, merges and goes back on a new store. */
async function session(store: string, env: Readonly<Record<string, string>> = {}, program = VKV): Promise<void> {
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await vkvProcess(args, { env: { ...env, VKV_STORE: store }, program });
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.not.stringContaining("vkv: ") });
    return stdout;
  };
  const { code } = await vkvProcess(["get", "x"], { env: { ...env, VKV_STORE: store }, program });
  expect([1, 4]).toContain(code);
  await run("init");
  await run("set", "a", "1");
  await run("branch", "draft");
  await run("set", "b", "2", "--branch", "draft");
  await run("set", "a", "3");
  await run("merge", "draft");
  expect(await run("ls", "--json", "-l")).toBe(
    '{"key":"a","bytes":1,"value":{"text":"3"}}\n{"key":"b","bytes":1,"value":{"text":"2"}}\n',
  );
  await run("reset", "main~1");
  expect(await run("ls")).toBe("a\n");
  await run("gc", "--min-age", "0s");
  expect(await run("verify")).toBe("Everything is there, and as it should be.\n");
}

it("Redis by ioredis, if that is what is installed", async () => {
  if (lacks("redis-server", hasRedis())) return;
  await inTempFolder(async (dir) => {
    const place = join(dir, "node_modules/vkv");
    await mkdir(join(dir, "node_modules/@noble"), { recursive: true });
    for (const name of ["dist", "package.json"]) await cp(join(root, name), join(place, name), { recursive: true });
    for (const name of ["@noble/hashes", "ioredis"]) {
      await symlink(join(root, "node_modules", name), join(dir, "node_modules", name), "junction");
    }
    const server = await RedisServer.start();
    try {
      await session(`redis://127.0.0.1:${server.port}`, {}, join(place, "dist/cli/main.js"));
    } finally {
      await server.stop();
    }
  });
});

it("a folder", () => inTempFolder((dir) => session(`disk:${join(dir, "store")}`)));

describe.skipIf(lacks("redis-server", hasRedis()))("Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  it("has a store for each prefix", async () => {
    await session(`redis://127.0.0.1:${server.port}`);
    await session(`redis://127.0.0.1:${server.port}/0?prefix=other`);
  });
});

describe.skipIf(lacks("PostgreSQL", hasPostgres()))("PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.stop());

  it("has a store in each table", async () => {
    await session(`postgres://postgres@127.0.0.1:${server.port}/postgres`);
    await session(`postgresql://postgres@127.0.0.1:${server.port}/postgres?table=other`);
  });
});

describe.skipIf(lacks("moto_server", hasS3("moto")))("S3", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await S3Server.start("moto");
    const client = connectS3(server.port);
    await client.createBucket({ Bucket: BUCKET });
    client.destroy();
  });
  afterAll(() => server.stop());

  it("has a store for each prefix", async () => {
    const { accessKeyId, secretAccessKey } = S3_CREDENTIALS;
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const at = `region=us-east-1&endpoint=${encodeURIComponent(`http://127.0.0.1:${server.port}`)}`;
    await session(`s3://${BUCKET}?${at}`, env);
    await session(`s3://${BUCKET}/some/where?${at}`, env);
  });
});
