import { CliError, EXIT } from "./exit.ts";

/** The clients of Redis that `vkv` can use. */
export type RedisDriver =
  | { readonly name: "redis"; readonly createClient: typeof import("redis").createClient }
  | { readonly name: "ioredis"; readonly Redis: typeof import("ioredis").Redis };

/**
 * Imports a driver, which is installed beside vkv by who needs it.
 *
 * @throws CliError that says what to install, if it is not there
 */
export async function importDriver<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw missing(name, name, { cause: error });
  }
}

/**
 * Imports `redis`, or `ioredis` if that is what is installed.
 *
 * @throws CliError that says what to install, if neither is there
 */
export async function importRedisDriver(): Promise<RedisDriver> {
  for (const load of [loadRedis, loadIORedis]) {
    try {
      return await load();
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  throw missing("redis or ioredis", "redis");
}

async function loadRedis(): Promise<RedisDriver> {
  const { createClient } = await import("redis");
  return { name: "redis", createClient };
}

async function loadIORedis(): Promise<RedisDriver> {
  const { Redis } = await import("ioredis");
  return { name: "ioredis", Redis };
}

function missing(needed: string, name: string, options?: ErrorOptions): CliError {
  return new CliError(
    EXIT.trouble,
    `This store needs the package ${needed}, which is not installed.`,
    `npm install ${name}`,
    options,
  );
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
