/** What `S3Store` uses of a client, so that the driver's types are not needed; and what a refusal of the server means. */
import { describe } from "../bytes.ts";
import { StorageError, VkvError } from "../errors.ts";

/** Where an object is. */
export interface S3Object {
  /** The name of the bucket. */
  readonly Bucket: string;
  /** The name of the object. */
  readonly Key: string;
}

/** A page of a listing. */
export interface S3Page {
  /** The names of objects, and how many bytes each has. */
  readonly Contents?: readonly { readonly Key?: string | undefined; readonly Size?: number | undefined }[] | undefined;
  /** Whether there are more pages. Must be `false` on the last one: an answer without it may be half of one. */
  readonly IsTruncated?: boolean | undefined;
  /** What asks for the next page. */
  readonly NextContinuationToken?: string | undefined;
}

/**
 * What is used of a client: the class `S3` of `@aws-sdk/client-s3` has these methods. Errors must have the server's
 * code as their `name`, and `$metadata` with `httpStatusCode` and `attempts`, how often the request was sent.
 */
export interface S3Api {
  /** Reads an object; fails with the name `NoSuchKey` if there is none. */
  getObject(input: S3Object): Promise<{
    readonly Body?: { transformToByteArray(): Promise<Uint8Array> } | undefined;
    readonly ContentLength?: number | undefined;
    readonly ETag?: string | undefined;
  }>;
  /** Writes an object, maybe only if it has an ETag, or is not there (`"*"`). */
  putObject(
    input: S3Object & { readonly Body: Uint8Array; readonly IfMatch?: string; readonly IfNoneMatch?: string },
  ): Promise<{ readonly ETag?: string | undefined }>;
  /** Removes an object, maybe only if it has an ETag. */
  deleteObject(input: S3Object & { readonly IfMatch?: string }): Promise<unknown>;
  /** Removes up to 1,000 objects. */
  deleteObjects(input: {
    readonly Bucket: string;
    readonly Delete: { Objects: { Key: string }[]; Quiet: boolean };
  }): Promise<{
    readonly Errors?: readonly { readonly Key?: string | undefined; readonly Code?: string | undefined }[] | undefined;
  }>;
  /** Lists up to 1,000 objects whose names begin with a prefix. */
  listObjectsV2(input: {
    readonly Bucket: string;
    readonly Prefix: string;
    readonly ContinuationToken?: string;
  }): Promise<S3Page>;
}

/** Where the next page of a listing begins; `undefined` after the last one. What the server does not say to be the end is none. */
export function nextPage({ IsTruncated, NextContinuationToken }: S3Page): string | undefined {
  if (IsTruncated === false) return undefined;
  if (!NextContinuationToken) throw new StorageError("S3 failed: a listing broke off.");
  return NextContinuationToken;
}

/** `client`, if it has the methods; a `TypeError` otherwise. */
export function checkClient(client: S3Api): S3Api {
  const methods = ["getObject", "putObject", "deleteObject", "deleteObjects", "listObjectsV2"] as const;
  if (typeof client === "object" && client !== null && methods.every((name) => typeof client[name] === "function")) {
    return client;
  }
  throw new TypeError(
    `An S3Store needs an S3 of the package @aws-sdk/client-s3 (npm install @aws-sdk/client-s3), not ${describe(client)}.`,
  );
}

/** Whether the server says that there is no such object. A bucket that is not there is another matter. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && error.name === "NoSuchKey";
}

/**
 * Why the server did not do what was asked on a condition: `"unmet"`, the condition does not hold; `"conflict"`, another
 * write got in between, and it may be asked again. `undefined`: it may have been done, or was not about the condition.
 *
 * Only a first answer counts: a request that the client had to send again may meet what its first sending did.
 */
export function refusal(error: unknown): "unmet" | "conflict" | undefined {
  const { httpStatusCode, attempts } = metadata(error);
  if (attempts !== 1) return undefined;
  if (httpStatusCode === 412 || isMissing(error)) return "unmet";
  return httpStatusCode === 409 ? "conflict" : undefined;
}

/** Whether the last answer was a refusal, whatever earlier sendings of the request did. */
export function isRefused(error: unknown): boolean {
  const { httpStatusCode } = metadata(error);
  return httpStatusCode === 412 || httpStatusCode === 409 || isMissing(error);
}

/** What a client threw, as an error of ours. */
export function failure(cause: unknown): VkvError {
  if (cause instanceof VkvError) return cause;
  const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new StorageError(`S3 failed: ${what}`, { cause });
}

function metadata(error: unknown): { readonly httpStatusCode?: unknown; readonly attempts?: unknown } {
  if (!(error instanceof Error) || !("$metadata" in error)) return {};
  return typeof error.$metadata === "object" && error.$metadata !== null ? error.$metadata : {};
}
