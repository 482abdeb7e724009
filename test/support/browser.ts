/** Chromium for tests, with a profile that outlives it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser as Connection, chromium, type Page } from "playwright-core";
import { freePort, Server } from "./server.ts";

/** Where Debian's package `chromium` has it. */
const CHROMIUM = "/usr/bin/chromium";
/** Whether Chromium can be started. */
export function hasChromium(): boolean {
  return existsSync(CHROMIUM);
}

/** One Chromium, which keeps what its pages store when it is started again. */
export class Browser {
  readonly #profile: string;
  readonly #script: string;
  #server: Server | undefined;
  #connection: Connection | undefined;

  private constructor(profile: string, script: string) {
    this.#profile = profile;
    this.#script = script;
  }

  /** @param script what each page runs, as a module; nothing unless given */
  static async start(script = ""): Promise<Browser> {
    const browser = new Browser(mkdtempSync(join(tmpdir(), "vkv-chromium-")), script);
    try {
      await browser.restart();
    } catch (error) {
      await browser.stop();
      throw error;
    }
    return browser;
  }

  /** Starts it again. */
  async restart(): Promise<void> {
    const port = await freePort();
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"];
    const own = [`--user-data-dir=${this.#profile}`, `--remote-debugging-port=${port}`, "about:blank"];
    this.#server = await Server.start(CHROMIUM, [...flags, ...own], /DevTools listening on/);
    this.#connection = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  }

  /**
   * Opens a tab, in which the script has run. Tabs of one host share what they store. No request leaves the browser; the page
   * is a secure one, as much of what pages may do needs that.
   */
  async open(host = "vkv.test"): Promise<Page> {
    const page = await this.#newPage();
    await page.route("**/*", (route) => {
      const isScript = route.request().url().endsWith(".js");
      if (isScript) return route.fulfill({ contentType: "text/javascript", body: this.#script });
      return route.fulfill({ contentType: "text/html", body: '<script type="module" src="/page.js"></script>' });
    });
    await page.goto(`https://${host}/`, { waitUntil: "load" });
    return page;
  }

  /** Opens a tab at an address of this machine, where a server answers. */
  async visit(url: string, { width, height }: { width: number; height: number }): Promise<Page> {
    const page = await this.#newPage();
    await page.setViewportSize({ width, height });
    await page.goto(url, { waitUntil: "load" });
    return page;
  }

  async #newPage(): Promise<Page> {
    const page = await this.#connection?.contexts()[0]?.newPage();
    if (page === undefined) throw new Error("The browser is not running.");
    return page;
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#server?.stop("SIGKILL");
    await this.#connection?.close();
  }

  /** Ends it, and removes its profile. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
