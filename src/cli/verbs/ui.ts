import { once } from "node:events";
import type { Command } from "commander";
import { portNumber } from "../arguments.ts";
import { examples, type Run } from "../verb.ts";

interface UiOptions {
  readonly write?: boolean;
  readonly port?: number;
}

/** `vkv ui`: the viewer, until Ctrl-C. */
export function addUi(program: Command, run: Run): void {
  program
    .command("ui")
    .summary("look at the store in a browser")
    .description(
      "Serves a page that shows the store, to browsers on this machine only, until Ctrl-C. Open the address that it prints, whole: what comes after the port is the key.",
    )
    .option("--write", "let the page make, merge, reset and delete branches and tags")
    .option("--port <number>", "the port; any free one unless given", portNumber)
    .addHelpText("after", examples("vkv ui", "vkv ui --write --port 8080"))
    .action((options: UiOptions, verb: Command) =>
      run(verb, async (session) => {
        const { out, json, signal } = session;
        // Node's HTTP server takes long to load, and no other verb needs it.
        const { serveViewer } = await import("../../viewer/serve.ts");
        const viewer = await serveViewer(await session.store(), { ...options, signal });
        if (json) await out.json({ url: viewer.url });
        else await out.line(viewer.url);
        await session.note("Open this address in a browser. Ctrl-C ends it.");
        if (!signal.aborted) await once(signal, "abort");
        await viewer.close();
        return undefined;
      }),
    );
}
