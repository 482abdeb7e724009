import { describe } from "vitest";
import { lacks } from "../support/needs.ts";
import { hasS3 } from "../support/s3-server.ts";
import { startS3 } from "./remote/s3.ts";
import { storeTests, writersTests } from "./remote/suite.ts";

describe.skipIf(lacks("moto", hasS3("moto")))("S3Store on moto", () => {
  storeTests("moto", () => startS3("moto"), 5);
  // It loses all its data when it is killed.
  const troubles = ["nothing", "a server far away", "cut connections"] as const;
  writersTests("moto", () => startS3("moto"), { writers: 4, time: 8000, troubles });
});

describe.skipIf(lacks("versitygw", hasS3("versitygw")))("S3Store on versitygw", () => {
  storeTests("versitygw", () => startS3("versitygw"), 20);
  writersTests("versitygw", () => startS3("versitygw"), { writers: 6, time: 10_000 });
});
