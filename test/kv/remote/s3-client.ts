import { S3 } from "@aws-sdk/client-s3";
import { S3_CREDENTIALS } from "../../support/s3-server.ts";

/** The bucket of all tests. */
export const BUCKET = "vkv-tests";

/** A client of the server on a port of this machine; `maxAttempts`: how often it sends a request that fails. */
export function connectS3(port: number, maxAttempts = 3): S3 {
  return new S3({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts,
    credentials: S3_CREDENTIALS,
    requestHandler: { requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
}
