import { CommitNotFoundError, type Versioned } from "../../index.ts";

/** A handle at what a text names: a commit's id or its beginning, a branch or a tag. */
export async function handleAt(v: Versioned, text: string): Promise<Versioned> {
  const id = await v.resolveCommit(text);
  const handle = await v.checkout(id);
  if (handle === undefined) throw new CommitNotFoundError(text);
  return handle;
}
