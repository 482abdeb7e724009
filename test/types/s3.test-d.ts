/** Which clients `S3Store` takes. Nothing here runs: `npm run check:types` fails where an expectation is wrong. */
import { S3, S3Client } from "@aws-sdk/client-s3";
import { probeS3, type S3Api, S3Store, type S3Support } from "vkv/s3";

const client: S3Api = new S3({ region: "eu-central-1" });
export const store: S3Store = new S3Store(client, { bucket: "b", prefix: "p" });
export const same: S3Store = new S3Store(new S3(), { bucket: "b" });
export const support: Promise<S3Support> = probeS3(new S3(), { bucket: "b" });

// @ts-expect-error: it has no methods but `send`
export const bare: S3Store = new S3Store(new S3Client(), { bucket: "b" });
// @ts-expect-error: without a bucket
export const nowhere: S3Store = new S3Store(new S3(), {});
