import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, it } from "vitest";
import { PostgresStore } from "../../src/kv/postgres.ts";
import { runConformance } from "../conformance/run.ts";
import { versionedModelProperty } from "../model/property.ts";
import { lacks } from "../support/needs.ts";
import { hasPostgres } from "../support/postgres-server.ts";
import { remoteFactory } from "./remote/factory.ts";
import { startPostgres } from "./remote/postgres.ts";
import { storeTests, writersTests } from "./remote/suite.ts";

describe.skipIf(lacks("PostgreSQL", hasPostgres()))("PostgresStore", () => {
  storeTests("pg 8", () => startPostgres("pg 8", false), 20);
  storeTests("pg 8.12", () => startPostgres("pg 8.12", false), 20);
  writersTests("pg 8", () => startPostgres("pg 8", true), { writers: 6, time: 5000 });
});

describe("PostgresStore in PGlite", () => {
  let database: PGlite;
  beforeAll(async () => {
    database = await PGlite.create();
  });
  afterAll(() => database.close());
  const connection = {
    open: (table: string) => PostgresStore.create(database, { table }),
    close: () => undefined,
  };
  const factory = remoteFactory(() => [connection, connection]);
  runConformance("PGlite", factory);

  it("does what the model does", () => versionedModelProperty(() => factory.create(), { numRuns: 20, steps: 20 }));
});
