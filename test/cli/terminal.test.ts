/** The program in a real terminal, which tmux is. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { environment, VKV, vkv } from "../support/cli.ts";
import { hasCommand, lacks } from "../support/needs.ts";
import { execute } from "../support/run.ts";

/** A shell in a terminal. */
interface Terminal {
  /**
   * Types a line, and answers with all that the terminal was sent since, once the shell is ready again.
   *
   * @param input what is typed then; Ctrl-C follows when `shown` is on the terminal
   */
  typed(line: string, input?: { readonly text: string; readonly shown: string }): Promise<string>;
  close(): Promise<void>;
}

/** What takes the terminal's line away. */
const CLEARED = "\r\u001b[K";

/** Opens a terminal in a folder. */
async function openTerminal(dir: string): Promise<Terminal> {
  const socket = `vkv-test-${process.pid}`;
  const tmux = (...args: string[]): ReturnType<typeof execute> =>
    execute("tmux", ["-L", socket, "-f", "/dev/null", ...args], dir);
  const { PATH = "", HOME = dir } = environment();
  const settings = { PATH, HOME, VKV_STORE: "./store", PS1: "", NODE: process.execPath, VKV };
  const shell = [
    "env",
    "-i",
    "TERM=xterm-256color",
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
  ];
  await tmux("new-session", "-d", "-x", "90", "-y", "30", ...shell, "bash", "--norc", "--noprofile");
  const log = join(dir, "terminal.log");
  await writeFile(log, "");
  await tmux("pipe-pane", "-o", `cat >> '${log}'`);
  let asked = 0;
  const typed: Terminal["typed"] = async (line, input) => {
    const begun = (await readFile(log, "utf8")).length;
    const text = async (): Promise<string> => (await readFile(log, "utf8")).slice(begun);
    const shows = async (wanted: string): Promise<void> => {
      for (let tries = 0; !(await text()).includes(wanted); tries++) {
        if (tries > 1000) throw new Error(`The terminal does not show ${wanted}: ${await text()}`);
        await sleep(20);
      }
    };
    await tmux("send-keys", line.replaceAll("vkv ", '"$NODE" "$VKV" '), "Enter");
    if (input !== undefined) {
      await tmux("send-keys", "-l", input.text);
      await tmux("send-keys", "Enter");
      await shows(input.shown);
      await tmux("send-keys", "C-c");
      await shows("Interrupted.");
    }
    await tmux("send-keys", `echo done-$((${++asked})):$?:`, "Enter");
    await shows(`done-${asked}:`);
    return text();
  };
  await typed("stty -echo");
  return { typed, close: async () => void (await tmux("kill-server")) };
}

describe.skipIf(lacks("tmux", hasCommand("tmux", "-V")))("in a terminal", () => {
  let dir: string;
  let terminal: Terminal;
  const typed: Terminal["typed"] = (...args) => terminal.typed(...args);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "vkv-test-"));
    await vkv(["init", "--store", join(dir, "store")]);
    terminal = await openTerminal(dir);
  });

  afterAll(async () => {
    await terminal.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  });

  it("shows how far long work is, and takes it away again", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `{"key":"key-${i}","value":"v"}\n`).join("");
    await writeFile(join(dir, "keys.ndjson"), lines);
    const shown = await typed("vkv import keys.ndjson");
    expect(shown).toContain(`${CLEARED}keys read `);
    expect(shown).toMatch(/import keys\.ndjson \(20,000 keys\)/);
    // The last that was drawn is taken away before the result is printed.
    const [result = ""] = shown.split(CLEARED).slice(-1);
    expect(result).toMatch(/main \w{8}\]/);
    const exported = await typed("vkv export copy.ndjson");
    expect(exported).toMatch(/[█░]{24} keys written [\d,]+\/20,000/);
    expect(exported.split(CLEARED).slice(-1)).toEqual([expect.stringContaining("Wrote 20,000 keys to copy.ndjson.")]);
    expect(await typed("vkv export other.ndjson 2> errors")).not.toMatch(/[█░]/);
    expect(await readFile(join(dir, "errors"), "utf8")).toBe("");
  });

  it("has colours, unless they are not wanted", async () => {
    const yellow = "\u001b[33m";
    expect(await typed("vkv log")).toContain(yellow);
    expect(await typed("NO_COLOR=1 vkv log")).not.toContain(yellow);
    expect(await typed("vkv log | cat")).not.toContain(yellow);
  });

  it("shows text, and nothing that is binary or does something", async () => {
    await typed("printf 'a\\033[31mb\\n\\tc' | vkv set text; printf '\\0\\1' | vkv set binary");
    const shown = await typed("vkv get text; vkv get binary");
    expect(shown).toContain("a\\x1b[31mb\r\n");
    expect(shown).toContain("(binary, 2 bytes)\r\n");
  });

  it("ends at Ctrl-C", async () => {
    const shown = await typed("vkv import -", { text: '{"key":"k","value":"v"}', shown: "keys read 1" });
    expect(shown).toContain("vkv: Interrupted.\r\n");
    expect(shown).toContain(":130:");
    expect(await typed("vkv set k")).toMatch(/vkv: Which value\?\r\n/);
  });
});
