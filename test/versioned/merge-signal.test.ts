import { describe, expect, it } from "vitest";
import { Memory, type MergeOptions, Versioned } from "vkv";
import { bytes, change, contents, diverged, failure, failureOf, publishedContents } from "./helpers.ts";
import { isBranchCas, ScriptedStore } from "./scripted-store.ts";

const reason = new Error("enough");

describe("a signal", () => {
  it("that is aborted already stops all kinds of merges, also where there is nothing to do", async () => {
    const v = await Versioned.open();
    const work = await change(v, { a: "1" });
    await v.merge();
    const options = { signal: AbortSignal.abort(reason) };
    const calls = [
      () => v.merge(options),
      () => v.mergeFrom("main", options),
      () => v.cherryPick(work, options),
      () => v.revert(work, options),
    ];
    for (const call of calls) expect(await failure(call)).toBe(reason);
    expect(v.currentCommit).toBe(work);
  });

  it("stops a merge between two rules: nothing is published, and the handle stays as it was", async () => {
    const { ours, store } = await diverged({ a: "0", b: "0" }, { a: "1", b: "1" }, { a: "2", b: "2" });
    const before = ours.currentCommit;
    const published = await publishedContents(store);
    const kinds = [
      (options: MergeOptions) => ours.merge(options),
      (options: MergeOptions) => ours.mergeFrom("main", options),
      (options: MergeOptions) => ours.merge({ ...options, onConflict: "abandon" }),
      async (options: MergeOptions) => ours.cherryPick((await ours.latestHead()) ?? "", options),
    ];
    for (const kind of kinds) {
      for (const last of ["a", "b"]) {
        const controller = new AbortController();
        const asked: string[] = [];
        const rule = (key: string) => () => {
          asked.push(key);
          if (key === last) controller.abort(reason);
          return bytes("3");
        };
        const mergeFns = { a: rule("a"), b: rule("b") };
        expect(await failure(kind({ mergeFns, signal: controller.signal }))).toBe(reason);
        expect(asked).toEqual(last === "a" ? ["a"] : ["a", "b"]);
      }
    }
    expect(ours.currentCommit).toBe(before);
    expect(await contents(ours)).toEqual({ a: "1", b: "1" });
    expect(await publishedContents(store)).toEqual(published);
    await ours.merge({ defaultMerge: "ours" });
    expect(await publishedContents(store)).toEqual({ a: "1", b: "1" });
  });

  it("stops a merge while it waits to try again", async () => {
    const store = new ScriptedStore(new Memory());
    const v = await Versioned.open(store);
    await change(v, { a: "1" });
    let tries = 0;
    const controller = new AbortController();
    store.script = (call) => {
      if (!isBranchCas(call)) return "pass";
      if (++tries === 6) setTimeout(() => controller.abort(reason), 1);
      return "refuse";
    };
    expect(await failure(v.merge({ signal: controller.signal, retries: 100_000 }))).toBe(reason);
    store.script = undefined;
    await v.merge();
    expect(await publishedContents(store.inner)).toEqual({ a: "1" });
  });

  it("that is none is refused", async () => {
    const v = await Versioned.open();
    await failureOf(TypeError, v.merge({ signal: "soon" as never }));
    await failureOf(
      TypeError,
      v.transact(async () => 1, { signal: {} as never }),
    );
  });
});
