/** What each verb does and prints, as JSON and for people. Commit ids are numbered in the order in which they are met. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { retainHistory, Versioned } from "vkv";
import { Disk } from "vkv/disk";
import type { Hash } from "../../src/chunk/hash.ts";
import { chunkKey } from "../../src/chunk/key.ts";
import { vkv, words } from "../support/cli.ts";
import { inTempFolder } from "../support/run.ts";

/** The file of a store in which `main` has `a` and `b`. */
let template: Buffer;

beforeAll(() =>
  inTempFolder(async (dir) => {
    const store = join(dir, "store");
    await vkv(["init", "--store", store]);
    await vkv(["set", "a", "one", "--date", "-", "--author", "ann", "--store", store]);
    await vkv(["set", "b", "two", "--date", "-", "-m", "second", "--store", store]);
    template = await readFile(join(store, "data.mdb"));
  }),
);

/** Runs verbs on a copy of that store. */
async function onStore(work: (run: Runner, dir: string) => Promise<void>): Promise<void> {
  await inTempFolder(async (dir) => {
    await mkdir(join(dir, "store"));
    await writeFile(join(dir, "store/data.mdb"), template);
    const ids = new Map<string, string>();
    const numbered = (text: string): string =>
      text.replaceAll(/\b([0-9a-f]{8})(?:[0-9a-f]{56})?\b/g, (id: string, short: string) => {
        if (!ids.has(short)) ids.set(short, `c${ids.size}`);
        return id.length > 8 ? `<${ids.get(short)}>` : (ids.get(short) ?? "");
      });
    const run: Runner = async (line, input) => {
      const { code, stdout, stderr } = await vkv(
        ["--store", join(dir, "store"), ...words(line)],
        input === undefined ? {} : { input },
      );
      return { code, out: numbered(stdout), said: numbered(stderr) };
    };
    await work(run, dir);
  });
}

type Runner = (line: string, input?: string | Uint8Array) => Promise<{ code: number; out: string; said: string }>;

const MANY = Array.from({ length: 2500 }, (_, i) => `{"key":"b${i}","value":"v"}\n`).join("");

const json = (...values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");

describe("init", () => {
  it("makes a branch once", () =>
    inTempFolder(async (dir) => {
      const store = join(dir, "store");
      const first = await vkv(["init", "--store", store, "-b", "draft"]);
      expect(first.stdout).toMatch(/^Made the branch draft, empty, at [0-9a-f]{8}\.\n$/);
      const again = await vkv(["init", "--store", store, "-b", "draft", "--json"]);
      expect(JSON.parse(again.stdout)).toEqual({
        branch: "draft",
        commit: expect.stringMatching(/^[0-9a-f]{64}$/),
        created: false,
      });
      expect([first.code, again.code]).toEqual([0, 0]);
    }));
});

describe("get", () => {
  it("prints the bytes as they are", () =>
    onStore(async (run) => {
      expect(await run("get a")).toEqual({ code: 0, out: "one", said: "" });
      expect((await run("get a --json")).out).toBe(json({ key: "a", commit: "<c0>", value: { text: "one" } }));
    }));

  it("exits with 1 for a key that is not there, now or then", () =>
    onStore(async (run) => {
      expect(await run("get x")).toEqual({
        code: 1,
        out: "",
        said: 'vkv: There is no key "x" at main.\n     `vkv ls` lists the keys.\n',
      });
      expect((await run("get b --at main~1")).code).toBe(1);
      expect((await run("get a --at main~1")).out).toBe("one");
    }));

  it("wants a key, and a store that there can be", () =>
    onStore(async (run) => {
      expect(await run("get")).toMatchObject({
        code: 2,
        said: expect.stringMatching(/^vkv: missing required argument 'key'\n/),
      });
      expect(await run("get a --store mysql://x")).toMatchObject({
        code: 2,
        said: expect.stringContaining("is no store"),
      });
      expect(await run('get a --store ""')).toMatchObject({ code: 2, said: expect.stringContaining("Which store?") });
    }));

  it("writes a file", () =>
    onStore(async (run, dir) => {
      await run("set bin --file -", new Uint8Array([0, 255, 10]));
      expect(await run(`get bin -o ${dir}/out`)).toMatchObject({ code: 0, out: "" });
      expect(await readFile(`${dir}/out`)).toEqual(Buffer.from([0, 255, 10]));
      expect(await run("get a --output -")).toEqual({ code: 0, out: "one", said: "" });
      expect((await run("get bin --json")).out).toContain('"value":{"base64":"AP8K"}');
    }));
});

describe("set", () => {
  it("takes an argument, a file or standard input", () =>
    onStore(async (run, dir) => {
      await writeFile(join(dir, "file"), "from a file");
      await run("set x 1");
      await run(`set y --file ${dir}/file`);
      await run("set z", "from a pipe");
      await run('set empty ""');
      expect((await run("ls -l")).out).toBe(
        '        3  a  "one"\n        3  b  "two"\n        0  empty  ""\n        1  x  "1"\n       11  y  "from a file"\n       11  z  "from a pipe"\n',
      );
    }));

  it("commits with a message, an author and a time", () =>
    onStore(async (run) => {
      expect((await run("set a 2 --date 2026-01-02 --author bob -m why --json")).out).toBe(
        json({ branch: "main", commit: "<c0>", previous: "<c1>" }),
      );
      const { info } = JSON.parse((await run("show --json")).out) as { info: object };
      expect(info).toEqual({ by: "bob", time: "2026-01-02", why: "why" });
      await run("set a 4 --date 1767268800");
      expect((await run("show --json")).out).toContain('"time":"2026-01-01T12:00:00.000Z"');
      await run("set a 3");
      expect((await run("log -n 1")).out).toMatch(/^c3 \(main\) set a \(\d{4}-\d\d-\d\d \d\d:\d\dZ\)\n$/);
    }));

  it("makes no commit if nothing changes", () =>
    onStore(async (run) => {
      expect((await run("set a one")).out).toBe("main is as it was: nothing changed.\n");
      const { commit, previous } = JSON.parse((await run("set a one --json")).out) as {
        commit: string;
        previous: string;
      };
      expect(commit).toBe(previous);
    }));

  it("wants one value", () =>
    onStore(async (run) => {
      expect(await run("set a 1 --file x")).toMatchObject({ code: 2, out: "" });
      // What Node makes of bytes that are no UTF-8.
      expect(await run("set a \uFFFD")).toMatchObject({ code: 2, out: "" });
    }));
});

describe("rm", () => {
  it("removes keys and prefixes", () =>
    onStore(async (run) => {
      await run("set tmp/1 x");
      await run("set tmp/2 x");
      expect((await run("rm --prefix tmp/ b --json")).out).toBe(
        json({ branch: "main", commit: "<c2>", previous: "<c1>", removed: ["b", "tmp/1", "tmp/2"] }),
      );
      expect((await run("ls")).out).toBe("a\n");
    }));

  it("removes nothing if a key is not there, unless forced", () =>
    onStore(async (run) => {
      expect(await run("rm a x")).toMatchObject({ code: 1, out: "" });
      expect((await run("ls")).out).toBe("a\nb\n");
      expect((await run("rm a x --force")).out).toBe("[main c0] rm a x (1 key)\n");
      expect((await run("rm")).code).toBe(2);
    }));
});

describe("ls", () => {
  it("lists prefixes and ranges", () =>
    onStore(async (run) => {
      await run("set b/1 x");
      await run("set c y");
      expect((await run("ls b")).out).toBe("b\nb/1\n");
      expect((await run("ls --gte b --lt c --reverse")).out).toBe("b/1\nb\n");
      expect((await run("ls --gt a --lte b/1 -n 1 --json")).out).toBe(json({ key: "b" }));
      expect((await run("ls c -l --json")).out).toBe(json({ key: "c", bytes: 1, value: { text: "y" } }));
      expect((await run("ls --at main~2")).out).toBe("a\nb\n");
    }));
});

describe("log", () => {
  it("lists commits, with what they say", () =>
    onStore(async (run) => {
      await run("tag v1 main~1");
      expect((await run("log")).out).toBe("c1 (main) second\nc0 (tag: v1) set a (ann)\nc2 (the beginning)\n");
      expect((await run("log --limit 1 --json")).out).toBe(
        json({
          commit: "<c1>",
          parents: ["<c0>"],
          info: { why: "second" },
          branches: ["main"],
          tags: [],
          keys: 2,
          bytes: 6,
        }),
      );
      expect((await run("log v1 --json -n 1")).out).toContain('"info":{"by":"ann","why":"set a"}');
    }));

  it("draws the graph of all branches", () =>
    onStore(async (run) => {
      await run("branch draft");
      await run("set a 2 -b draft --date -");
      await run("set b 3 --date -");
      await run("merge draft --date -");
      await run("branch left main~1");
      await run("set c 1 -b left --date -");
      expect((await run("log --graph --all")).out).toBe(
        [
          "* c3 (main) merge draft",
          "|\\",
          "| | * c4 (left) set c",
          "|_|/",
          "* | c2 set b",
          "| * c1 (draft) set a",
          "|/",
          "* c0 second",
          "* c5 set a (ann)",
          "* c6 (the beginning)",
          "",
        ].join("\n"),
      );
    }));

  it("lists the commits that changed a key", () =>
    onStore(async (run) => {
      await run("rm a --date -");
      expect((await run("log --key a")).out).toBe('c0 (main) rm a  removed\nc1 set a (ann)  "one"\n');
      const lines = (await run("log --key a --json -n 1")).out;
      expect(JSON.parse(lines)).toMatchObject({ commit: "<c0>", value: null });
    }));
});

describe("show", () => {
  it("shows a commit and its changes", () =>
    onStore(async (run) => {
      expect((await run("show")).out).toBe(
        'commit <c0>\nparent <c1>\nbranches main\nwhy: second\n2 keys, 6 bytes\n\n+ b  "two"\n',
      );
      expect((await run("show main~1 --json")).out).toBe(
        json({
          commit: "<c1>",
          parents: ["<c2>"],
          info: { by: "ann", why: "set a" },
          branches: [],
          tags: [],
          keys: 1,
          bytes: 3,
          changes: [{ key: "a", type: "added", old: null, new: { text: "one" } }],
        }),
      );
      expect((await run("show main~2")).out).toBe("commit <c2>\n0 keys, 0 bytes\n");
    }));
});

describe("where history was cut", () => {
  it("log and show do without what is gone", () =>
    onStore(async (run, dir) => {
      // So many changes are stored as a tree, which does not need the parent's.
      await run("import - -m many --date -", MANY);
      const disk = new Disk(join(dir, "store"));
      await retainHistory(disk, { commits: 1 });
      await disk.close();
      await run("gc --min-age 0s");
      expect((await run("log --graph --all")).out).toBe("* c0 (main) many\n");
      expect((await run("show")).out).toBe(
        "commit <c0>\nparent <c1>\nbranches main\nwhy: many\n2,502 keys, 2,506 bytes\nIts parent was removed from the store: what it changed is not known.\n",
      );
      expect(JSON.parse((await run("show --json")).out)).toMatchObject({ changes: null });
      expect((await run("get a --at main~1")).code).toBe(1);
      expect((await run("revert main")).code).toBe(4);
      expect((await run("log --key b")).out).toBe('c0 (main) many  "two"\n');
    }));
});

describe("diff", () => {
  it("lists changes, and can say it with its exit code", () =>
    onStore(async (run) => {
      await run("set a 1");
      await run("rm b");
      expect((await run("diff main~2")).out).toBe('~ a  "one" → "1"\n- b  "two"\n');
      expect((await run("diff main main~2 --name-only")).out).toBe("~ a\n+ b\n");
      expect((await run("diff main~2 main --prefix a --json")).out).toBe(
        json({ key: "a", type: "modified", old: { text: "one" }, new: { text: "1" } }),
      );
      expect((await run("diff main~2 --exit-code")).code).toBe(1);
      expect((await run("diff main --exit-code")).code).toBe(0);
      expect((await run("diff main~2 -n 1 --name-only")).out).toBe("~ a\n");
    }));
});

describe("branch", () => {
  it("lists, makes and deletes", () =>
    onStore(async (run) => {
      expect((await run("branch draft")).out).toBe("Made the branch draft at c0. Work on it with --branch draft.\n");
      expect((await run("branch old main~1 --json")).out).toBe(json({ branch: "old", commit: "<c1>" }));
      expect((await run("branch")).out).toBe("draft  c0\nmain   c0\nold    c1\n");
      expect((await run("branch --json")).out).toBe(
        json(
          { branch: "draft", commit: "<c0>" },
          { branch: "main", commit: "<c0>" },
          { branch: "old", commit: "<c1>" },
        ),
      );
      expect(await run("branch -d old")).toEqual({
        code: 0,
        out: "Deleted the branch old. It was at c1.\n",
        said: "To undo this: vkv branch old c1\n",
      });
      expect(await run("branch draft")).toMatchObject({ code: 3, out: "" });
      expect((await run("branch -d nope")).code).toBe(1);
      expect((await run("branch -d")).code).toBe(2);
      expect((await run('branch "a b"')).out).toBe("Made the branch a b at c0. Work on it with --branch 'a b'.\n");
    }));

  it("keeps the last one: without it, not even tags could be read", () =>
    onStore(async (run) => {
      await run("tag v1");
      const said = 'vkv: "main" is the store\'s only branch.\n     Make another one first: vkv branch NAME\n';
      expect(await run("branch -d main")).toEqual({ code: 3, out: "", said });
      expect(await run("branch -D main")).toEqual({ code: 3, out: "", said });
      expect((await run("get a --at v1")).out).toBe("one");
    }));

  it("keeps what only it has, unless forced", () =>
    onStore(async (run) => {
      await run("branch draft");
      await run("set a 2 -b draft");
      expect(await run("branch -d draft")).toMatchObject({ code: 3, out: "" });
      await run("tag kept draft");
      await run("set a 3 -b draft");
      expect((await run("branch -d draft")).code).toBe(3);
      expect((await run("branch -D draft --json")).out).toBe(json({ branch: "draft", commit: "<c2>", deleted: true }));
      await run("branch again kept");
      expect((await run("branch -d again")).code).toBe(0);
    }));
});

describe("tag", () => {
  it("lists, makes and deletes", () =>
    onStore(async (run) => {
      expect((await run("tag v1 main~1 -m first --date -")).out).toBe("Tagged c0 as v1.\n");
      expect((await run("tag --json")).out).toBe(json({ tag: "v1", commit: "<c0>", info: { why: "first" } }));
      expect((await run("tag")).out).toBe("v1  c0  first\n");
      expect((await run("tag v1")).code).toBe(3);
      expect((await run("tag -d v1")).out).toBe("Deleted the tag v1. It was at c0.\n");
      expect((await run("tag -d v1")).code).toBe(1);
      expect((await run("tag")).out).toBe("");
    }));
});

describe("merge", () => {
  const conflict = async (run: Runner): Promise<void> => {
    await run("branch draft");
    await run("set a theirs -b draft --date -");
    await run("set c new -b draft --date -");
    await run("set a ours --date -");
  };

  it("lists conflicts, and changes nothing", () =>
    onStore(async (run) => {
      await conflict(run);
      const { code, out, said } = await run("merge draft");
      expect(code).toBe(3);
      expect(out).toBe('conflict a\n  was     "one"\n  ours    "ours"  (main)\n  theirs  "theirs"  (draft)\n');
      expect(said).toMatch(/^vkv: Both sides changed 1 key\. Nothing was merged\.\n {5}Decide: --ours, .*\n$/);
      const json = JSON.parse((await run("merge draft --json")).out) as { commit: string; previous: string };
      expect(json).toEqual({
        branch: "main",
        commit: json.previous,
        previous: json.commit,
        dryRun: false,
        merged: false,
        strategy: "three_way",
        autoMergedKeys: [],
        resolvedKeys: [],
        carriedKeys: [],
        conflicts: [{ key: "a", old: { text: "one" }, ours: { text: "ours" }, theirs: { text: "theirs" } }],
      });
      expect((await run("get a")).out).toBe("ours");
    }));

  it.each([
    ["--ours", "ours"],
    ["--theirs", "theirs"],
    ["--ours-key a", "ours"],
    ["--theirs-key a --ours", "theirs"],
  ])("decides by %s", (options, value) =>
    onStore(async (run) => {
      await conflict(run);
      expect((await run(`merge draft ${options}`)).out).toBe("[main c4] merge draft (1 key taken over, 1 decided)\n");
      expect((await run("get a")).out).toBe(value);
      expect((await run("get c")).out).toBe("new");
    }),
  );

  it("merges texts by lines", () =>
    onStore(async (run) => {
      await run("set doc", "1\n2\n3\n");
      await run("branch draft");
      await run("set doc -b draft", "1\n2\n3\n4\n");
      await run("set doc", "0\n1\n2\n3\n");
      expect((await run("merge draft --text")).code).toBe(0);
      expect((await run("get doc")).out).toBe("0\n1\n2\n3\n4\n");
    }));

  it("previews", () =>
    onStore(async (run) => {
      await conflict(run);
      expect((await run("merge draft --dry-run")).code).toBe(3);
      expect((await run("merge draft --dry-run --ours")).out).toBe("It would be: 1 key taken over, 1 decided.\n");
      expect((await run("get a")).out).toBe("ours");
    }));

  it("says what was not to be decided, and refuses a key with both sides", () =>
    onStore(async (run) => {
      await conflict(run);
      expect((await run("merge draft --ours-key a --ours-key zz")).said).toBe('Nothing was to decide for "zz".\n');
      expect((await run("merge draft --ours-key a --theirs-key a")).code).toBe(2);
      expect((await run("merge draft --ours --theirs")).code).toBe(2);
    }));

  it("moves where there is nothing of its own, or nothing to do", () =>
    onStore(async (run) => {
      await run("branch draft");
      await run("set a 2 -b draft");
      expect((await run("merge draft")).out).toBe("[main c1] merge draft (fast-forward to c1)\n");
      expect((await run("merge draft")).out).toBe("main is as it was: nothing changed.\n");
      expect((await run("merge nope")).code).toBe(1);
    }));
});

describe("cherry-pick and revert", () => {
  it("do a commit again, with what it says", () =>
    onStore(async (run) => {
      await run("branch draft main~1");
      await run("cherry-pick main -b draft --json --date -");
      const { info, changes } = JSON.parse((await run("show draft --json")).out) as { info: object; changes: object[] };
      expect(info).toEqual({ why: "second", picked: expect.stringMatching(/^<c\d+>$/) });
      expect(changes).toEqual([{ key: "b", type: "added", old: null, new: { text: "two" } }]);
    }));

  it("undo a commit", () =>
    onStore(async (run) => {
      expect((await run("revert main~1 --date -")).out).toBe("[main c0] revert c1 (1 key taken over)\n");
      expect((await run("ls")).out).toBe("b\n");
      expect(JSON.parse((await run("show --json")).out)).toMatchObject({ info: { why: "revert c1", reverts: "<c1>" } });
    }));

  it("meet conflicts", () =>
    onStore(async (run) => {
      await run("set a 2");
      expect((await run("revert main~2")).code).toBe(3);
      expect((await run("revert main~2 --theirs")).code).toBe(0);
      expect((await run("get a")).code).toBe(1);
      expect((await run("revert main --parent 2")).code).toBe(2);
    }));
});

describe("reset", () => {
  it("moves a branch, and says how to go back", () =>
    onStore(async (run) => {
      const { out, said } = await run("reset main~1");
      expect(out).toBe("[main c0] reset; it was at c1\n");
      expect(said).toBe("To undo this: vkv reset c1 --branch main\n");
      expect((await run("ls")).out).toBe("a\n");
      expect((await run("reset main --json")).out).toBe(json({ branch: "main", commit: "<c0>", previous: "<c0>" }));
      expect((await run("reset main~9")).code).toBe(1);
    }));
});

describe("import and export", () => {
  it("take a folder there and back", () =>
    onStore(async (run, dir) => {
      await mkdir(join(dir, "in/sub"), { recursive: true });
      await writeFile(join(dir, "in/text"), "é\n");
      await writeFile(join(dir, "in/sub/bin"), new Uint8Array([0, 200]));
      expect((await run(`import ${dir}/in --prefix p/ -m hello`)).out).toBe("[main c0] hello (2 keys)\n");
      expect((await run(`export ${dir}/copy --prefix p/ --json`)).out).toBe(
        json({ commit: "<c0>", target: `${dir}/copy`, exported: 2 }),
      );
      expect(await readFile(join(dir, "copy/sub/bin"))).toEqual(Buffer.from([0, 200]));
      expect(await readFile(join(dir, "copy/text"), "utf8")).toBe("é\n");
      expect(await run(`export ${dir}/copy`)).toMatchObject({ code: 4, out: "" });
    }));

  it.each(["json", "ndjson"])("take %s there and back, byte for byte", (format) =>
    onStore(async (run, dir) => {
      await run("set __proto__ --file -", new Uint8Array([255, 0]));
      await run("set quote", '"\u2028\\ 😀\0\n\r');
      await run("set bom", "\uFEFFx");
      const before = (await run("ls -l --json")).out;
      await run(`export ${dir}/all.${format}`);
      expect((await run(`export ${dir}/all.${format}`)).code).toBe(3);
      expect((await run(`export ${dir}/all.${format} --force`)).code).toBe(0);
      const text = (await run(`export - --format ${format}`)).out;
      expect(text).toBe(await readFile(`${dir}/all.${format}`, "utf8"));
      await run("rm --prefix b");
      await run("rm __proto__ quote");
      await run(`import - --format ${format}`, `\uFEFF${text}`);
      expect((await run("ls -l --json")).out).toBe(before);
    }),
  );

  it("replace what is not there any more, and commit in batches", () =>
    onStore(async (run) => {
      const lines = Array.from({ length: 5 }, (_, i) => `{"key":"k${i}","value":"v"}\n`).join("\n");
      expect((await run("import - --replace --batch 2 --json", lines)).out).toBe(
        json({ branch: "main", commit: "<c0>", previous: "<c1>", set: 5, removed: 2 }),
      );
      expect((await run("ls")).out).toBe("k0\nk1\nk2\nk3\nk4\n");
      expect((await run("log --json")).out.split("\n").length).toBe(7);
      expect((await run("import - --replace", lines)).out).toBe("main is as it was: nothing changed.\n");
    }));

  it.each([
    ["no JSON", "import -", "{", /line 1: it is no JSON/],
    ["a line without a key", "import -", '\n{"value":"x"}', /line 2: it has no "key"/],
    ["a key that is no string", "import -", '{"key":1,"value":"x"}', /"key" is no string/],
    ["an empty key", "import -", '{"key":"k","value":"x"}\n\n{"key":"","value":"x"}', /line 3: "" is no key/],
    ["a key with a lone surrogate", "import -", '{"key":"\\ud800","value":"x"}', /line 1: "\\ud800" is no key/],
    ["a key that is too long", "import - --prefix p", `{"key":"${"k".repeat(4096)}","value":"x"}`, /k…" is no key/],
    ["a value that is none", "import -", '{"key":"k","value":{"text":"x","base64":""}}', /"value" is no value/],
    ["bad Base64", "import -", '{"key":"k","value":{"base64":"A"}}', /is no Base64/],
    ["a lone surrogate", "import -", '{"key":"k","value":"\\ud800"}', /lone surrogate/],
    ["no UTF-8", "import -", new Uint8Array([0x22, 0xff]), /no UTF-8/],
    ["a cut line of UTF-8", "import -", new Uint8Array([0x22, 0xc3]), /no UTF-8/],
    ["a list", "import - --format json", "[]", /no JSON object/],
    ["no JSON file", "import - --format json", "nope", /is no JSON/],
    ["a value of another type", "import - --format json", '{"k":1}', /"k" is no value/],
  ])("refuse %s, and change nothing", (_, line, input, message) =>
    onStore(async (run) => {
      const { code, said } = await run(line, input);
      expect(said).toMatch(message);
      expect(said.trim().split("\n").length).toBe(2);
      expect(code).toBe(4);
      expect((await run("ls")).out).toBe("a\nb\n");
    }),
  );

  it("refuse what is wrong in a command", () =>
    onStore(async (run, dir) => {
      await writeFile(join(dir, "notes.txt"), "x");
      expect(await run(`import ${dir}/notes.txt`)).toMatchObject({
        code: 2,
        said: expect.stringContaining("vkv set KEY --file"),
      });
      expect((await run(`import ${dir}/notes.txt --format folder`)).code).toBe(2);
      expect((await run(`import ${dir} --format json`)).code).toBe(2);
      expect((await run("import - --format folder")).code).toBe(2);
      expect((await run("export - --format folder")).code).toBe(2);
      expect((await run("import ./not-there")).code).toBe(4);
      await mkdir(join(dir, "taken.json"));
      expect((await run(`export ${dir}/taken.json --force`)).code).toBe(3);
      expect((await run(`export ${dir}/not/there.json`)).code).toBe(4);
      expect((await run("import - --batch 0")).code).toBe(2);
      expect(await run(`export ${dir}/notes.txt`)).toMatchObject({
        code: 3,
        said: expect.stringContaining("is no folder"),
      });
      expect(await run(`ls --store ${dir}/notes.txt`)).toMatchObject({
        code: 4,
        said: expect.stringContaining("Is the path right?"),
      });
    }));
});

describe("gc, verify and stats", () => {
  it("look after the store", () =>
    onStore(async (run, dir) => {
      expect((await run("stats --json")).out).toBe(
        json({ commit: "<c0>", keys: 2, bytes: 6, depth: 1, nodes: [1], shared: 0, branches: 1, tags: 0 }),
      );
      expect((await run("stats")).out).toBe(
        "commit    <c0>\ncontents  2 keys, 6 bytes\ntree      1 level, 1 node (1, leaves first)\nshared    0 nodes with the first parent\nstore     1 branch, 0 tags\n",
      );
      await run("reset main~1");
      expect(JSON.parse((await run("gc --min-age 0s --json")).out)).toEqual({
        commits: expect.any(Number),
        chunks: expect.any(Number),
        bytes: expect.any(Number),
        completed: true,
      });
      expect((await run("gc")).out).toBe("Removed 0 commits and 0 chunks, 0 bytes.\n");
      expect((await run("gc --min-age soon")).code).toBe(2);
      expect((await run("verify --json")).out).toBe(json({ ok: true, problems: [], omitted: 0 }));
      expect(await run("verify")).toEqual({ code: 0, out: "Everything is there, and as it should be.\n", said: "" });
      expect(await readdir(join(dir, "store"))).toContain("data.mdb");
    }));

  it("say what is wrong where, and who needs it", () =>
    onStore(async (run, dir) => {
      await run("tag v1 main~1");
      // So many changes are stored as a tree, which does not need the commits before.
      await run("import -", MANY);
      const disk = new Disk(join(dir, "store"));
      const [, , old = ""] = await (await Versioned.open(disk)).history({ limit: 3 }).toArray();
      await disk.remove(chunkKey("commit", old as Hash));
      await disk.set("hello", new Uint8Array([1]));
      await disk.close();
      const { code, out } = await run("verify");
      expect(code).toBe(1);
      expect(out).toMatch(/^foreign {2}hello {2}No version of vkv writes such a key\..*$/m);
      expect(out).toMatch(/^ref {2}t\/v1 {2}.* Needed by tag v1\.$/m);
      expect(out).toMatch(/^missing {2}\S+ {2}.* Needed by older commits of main\.$/m);
    }));
});
