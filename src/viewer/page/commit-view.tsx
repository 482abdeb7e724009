import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CommitDetails } from "../protocol.ts";
import { read } from "./api.ts";
import { ChangesList } from "./changes-list.tsx";
import { bytes, many } from "./format.ts";
import { CommitLink, Labels, Trouble, Waiting } from "./parts.tsx";
import { CreateRef, ResetBranch } from "./ref-orders.tsx";
import { labelsByCommit, useRefs } from "./refs-context.ts";
import { href } from "./route.ts";
import { useLoad } from "./use-load.ts";
import { VisibleLines } from "./visible.tsx";

/** One commit: what it says about itself, and what it changed. */
export function CommitView({ at }: { at: string }): JSX.Element {
  const { version } = useRefs();
  const { data, error, isLoading } = useLoad<CommitDetails>(`${version} ${at}`, (signal) =>
    read("commit", { at }, signal),
  );
  return (
    <section class="fill">
      <Trouble error={error} />
      {data === undefined ? <Waiting isOn={isLoading} /> : <Details commit={data} key={data.id} />}
    </section>
  );
}

function Details({ commit }: { commit: CommitDetails }): JSX.Element {
  const { refs } = useRefs();
  const [against, setAgainst] = useState(commit.isCut ? commit.parents[1] : commit.parents[0]);
  const { id, parents, fullInfo } = commit;
  return (
    <>
      <header class="bar">
        <h2 class="title">
          Commit <code>{id.slice(0, 12)}</code>
        </h2>
        <Labels labels={labelsByCommit(refs).get(id)} />
        <span class="grow" />
        <a class="button" href={href("keys", { at: id })}>
          Browse keys
        </a>
        {against !== undefined && (
          <a class="button" href={href("diff", { a: against, b: id })}>
            Compare
          </a>
        )}
        {refs.isWritable && (
          <>
            <CreateRef kind="branch" commit={id} />
            <CreateRef kind="tag" commit={id} />
            <ResetBranch to={id} />
          </>
        )}
      </header>
      <div class="facts">
        <dl>
          <dt>Id</dt>
          <dd class="mono wrap">{id}</dd>
          <dt>{parents.length > 1 ? "Parents" : "Parent"}</dt>
          <dd>
            {parents.length === 0 && <span class="muted">none</span>}
            {parents.map((parent, i) => (
              <span key={parent}>
                {i > 0 && ", "}
                {commit.isCut && i === 0 ? <code>{parent.slice(0, 8)}</code> : <CommitLink id={parent} />}
              </span>
            ))}
            {commit.isCut && <span class="note"> history was cut here</span>}
          </dd>
          <dt>Holds</dt>
          <dd>{`${many(commit.size, "key")}, ${bytes(commit.bytes)} of values`}</dd>
        </dl>
        {fullInfo !== undefined && (
          <section class="info pre" tabIndex={0} aria-label="Info">
            <VisibleLines text={fullInfo} />
          </section>
        )}
      </div>
      <h2 class="line">
        {against === undefined ? "Contents" : "Changes"}
        {parents.length > 1 && (
          <label class="field">
            <span>against</span>
            <select value={against} onChange={(event) => setAgainst(event.currentTarget.value)}>
              {parents.slice(commit.isCut ? 1 : 0).map((parent) => (
                <option key={parent} value={parent}>
                  {`parent ${parents.indexOf(parent) + 1}, ${parent.slice(0, 8)}`}
                </option>
              ))}
            </select>
          </label>
        )}
      </h2>
      <ChangesList from={against} to={id} />
    </>
  );
}
