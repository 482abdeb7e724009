/** What a server makes of conditions. The protocol does not tell: some ignore them, or let several writers win a race. */
import { isRefused, type S3Api } from "./s3-client.ts";

/** What a server can do. */
export interface S3Support {
  /**
   * What it does with conditional writes: `"atomic"`, one of several at once succeeds; `"racing"`, several may; `"ignored"`, it
   * writes whatever the condition. An `S3Store` needs `"atomic"`: otherwise merges are lost.
   */
  readonly conditionalWrites: "atomic" | "racing" | "ignored";
  /** Whether it deletes on a condition. Where it does not, removed keys leave empty objects behind. */
  readonly conditionalDeletes: boolean;
}

/** How many writers race. */
const RACERS = 32;
/** How many delete or write, in turn, when it is about deleting. */
const DELETERS = 8;
/** How often. */
const ROUNDS = 3;
/** An ETag that no object has. */
const NO_ETAG = '"00000000000000000000000000000000"';

/**
 * Finds out what a server can do, with some 250 requests and a few objects that it removes again: let it run once for a server
 * that you do not know.
 *
 * @param bucket a bucket that exists
 * @param prefix what the names of its objects begin with
 * @throws whatever the client throws, such as for a bucket that is not there
 * @example no-run
 * import { S3 } from "@aws-sdk/client-s3";
 * import { probeS3 } from "vkv/s3";
 *
 * await probeS3(new S3({ region: "eu-central-1" }), { bucket: "my-bucket" }); // { conditionalWrites: "atomic", conditionalDeletes: true }
 */
export async function probeS3(
  client: S3Api,
  { bucket, prefix = "vkv" }: { readonly bucket: string; readonly prefix?: string },
): Promise<S3Support> {
  return {
    conditionalWrites: await conditionalWrites(client, bucket, `${prefix}/`),
    conditionalDeletes: await honorsConditionalDelete(client, bucket, `${prefix}/`),
  };
}

/** Whether the server deletes an object exactly when it has the ETag, one of several at once, and says when there is none. */
export async function honorsConditionalDelete(client: S3Api, bucket: string, prefix: string): Promise<boolean> {
  const object = newObject(bucket, prefix);
  const { ETag } = await client.putObject({ ...object, Body: new Uint8Array(1) });
  if (ETag === undefined) return false;
  const isDeleted = (IfMatch: string): Promise<boolean> => succeeds(() => client.deleteObject({ ...object, IfMatch }));
  if (await isDeleted(NO_ETAG)) return false;
  const won = await Promise.all(
    Array.from({ length: DELETERS }, (_, i) =>
      i % 2 === 0
        ? isDeleted(ETag)
        : succeeds(() => client.putObject({ ...object, IfMatch: ETag, Body: Uint8Array.of(i) })),
    ),
  );
  await client.deleteObject(object);
  return won.filter(Boolean).length === 1 && !(await isDeleted(ETag));
}

async function conditionalWrites(
  client: S3Api,
  bucket: string,
  prefix: string,
): Promise<S3Support["conditionalWrites"]> {
  for (let round = 0; round < ROUNDS; round++) {
    const object = newObject(bucket, prefix);
    const write = (condition: { IfMatch?: string; IfNoneMatch?: "*" }, i: number): Promise<boolean> =>
      succeeds(() => client.putObject({ ...object, ...condition, Body: Uint8Array.of(round, i) }));
    const winners = async (condition: { IfMatch?: string; IfNoneMatch?: "*" }): Promise<number> =>
      (await Promise.all(Array.from({ length: RACERS }, (_, i) => write(condition, i)))).filter(Boolean).length;
    const creators = await winners({ IfNoneMatch: "*" });
    const { ETag = NO_ETAG } = await client.putObject({ ...object, Body: Uint8Array.of(round) });
    const isIgnored = (await write({ IfMatch: NO_ETAG }, 0)) || (await write({ IfNoneMatch: "*" }, 0));
    const isRacing = !isIgnored && (creators > 1 || (await winners({ IfMatch: ETag })) > 1);
    await client.deleteObject(object);
    if (isIgnored) return "ignored";
    if (isRacing) return "racing";
  }
  return "atomic";
}

/** An object that is no key's. */
function newObject(Bucket: string, prefix: string): { Bucket: string; Key: string } {
  return { Bucket, Key: `${prefix}probe-${crypto.randomUUID()}` };
}

/** Whether a conditional request is done: `false` if it is refused. */
async function succeeds(request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request();
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}
