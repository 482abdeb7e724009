import { describe } from "vitest";
import { lacks } from "../support/needs.ts";
import { hasS3 } from "../support/s3-server.ts";
import { startS3 } from "./remote/s3.ts";
import { storeTests, writersTests } from "./remote/suite.ts";

describe.skipIf(lacks("moto", hasS3("moto")))("S3Store on moto", () => {
  // Its conditional writes are not atomic: under load, one of 80 increments was lost once.
  storeTests(
    "moto",
    () => startS3("moto"),
    5,
    ({ topic }) => topic !== "races",
  );
});

describe.skipIf(lacks("versitygw", hasS3("versitygw")))("S3Store on versitygw", () => {
  storeTests("versitygw", () => startS3("versitygw"), 20);
  writersTests("versitygw", () => startS3("versitygw"), { writers: 6, time: 10_000 });
});
