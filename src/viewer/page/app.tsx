import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Refs } from "../protocol.ts";
import { read } from "./api.ts";
import { CommitView } from "./commit-view.tsx";
import { DiffView } from "./diff-view.tsx";
import { GraphView } from "./graph-view.tsx";
import { Help } from "./help.tsx";
import { HistoryView } from "./history-view.tsx";
import { KeysView } from "./keys-view.tsx";
import { MergeView } from "./merge-view.tsx";
import { Nothing, Trouble, Waiting } from "./parts.tsx";
import { RefsContext } from "./refs-context.ts";
import { RefsView } from "./refs-view.tsx";
import { href, type Route, type View } from "./route.ts";
import { MENU, useShortcuts } from "./shortcuts.ts";
import { useLoad } from "./use-load.ts";
import { useRoute } from "./use-route.ts";

const TITLES: Readonly<Record<View, string>> = {
  graph: "Commits",
  keys: "Keys",
  diff: "Compare",
  merge: "Merge",
  refs: "Branches",
  commit: "Commit",
  history: "History",
};

/** The whole page. */
export function App(): JSX.Element {
  const route = useRoute();
  const [version, setVersion] = useState(0);
  const [isHelp, setHelp] = useState(false);
  const latest = useLoad<Refs>(`refs ${version}`, (signal) => read("refs", {}, signal));
  // What was there stays in view while it is loaded again.
  const [kept, keep] = useState<{ refs: Refs; version: number }>();
  useEffect(() => {
    if (latest.data !== undefined) keep({ refs: latest.data, version });
  }, [latest.data]);
  const reload = (): void => setVersion(version + 1);
  const names = kept?.refs.branches.map(({ name }) => name) ?? [];
  const home = names.includes("main") ? "main" : (names[0] ?? "");
  useShortcuts({ help: () => setHelp(true), reload, at: home });
  useEffect(() => {
    document.title = `${TITLES[route.view]} · vkv`;
  }, [route.view]);
  const state = useMemo(() => kept && { ...kept, reload }, [kept]);
  return (
    <>
      <header class="top">
        <h1>
          <a href={href("graph")}>vkv</a>
        </h1>
        <nav class="views" aria-label="Views">
          {MENU.map((view) => (
            <a key={view} href={href(view)} aria-current={route.view === view ? "page" : undefined}>
              {TITLES[view]}
            </a>
          ))}
        </nav>
        <span class="grow" />
        {kept !== undefined && <span class="mode">{kept.refs.isWritable ? "can write" : "read only"}</span>}
        <button type="button" onClick={reload} title="Load again (r)" aria-label="Load again">
          ↻
        </button>
        <button type="button" onClick={() => setHelp(true)} title="Keyboard (?)" aria-label="Keyboard help">
          ?
        </button>
      </header>
      <main>
        <Trouble error={latest.error} />
        {state === undefined ? (
          <Waiting isOn={latest.isLoading} />
        ) : (
          <RefsContext.Provider value={state}>
            {names.length === 0 ? <Nothing>This store has no branches.</Nothing> : <Shown route={route} home={home} />}
          </RefsContext.Provider>
        )}
      </main>
      {isHelp && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

function Shown({ route: { view, params }, home }: { route: Route; home: string }): JSX.Element {
  const { at = home, key, prefix, q, a = home, b, into = home, from, of } = params;
  switch (view) {
    case "graph":
      return <GraphView {...(of !== undefined && { of })} />;
    case "commit":
      return <CommitView at={at} />;
    case "keys":
      return <KeysView at={at} prefix={prefix} selected={key} q={q} />;
    case "diff":
      return <DiffView a={a} b={b} selected={key} />;
    case "history":
      return key === undefined ? <Nothing>The address names no key.</Nothing> : <HistoryView at={at} name={key} />;
    case "merge":
      return <MergeView into={into} from={from} />;
    case "refs":
      return <RefsView />;
  }
}
