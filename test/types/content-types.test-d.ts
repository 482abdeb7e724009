/** What the types of content types must accept and refuse. Nothing here runs. */
import * as valibot from "valibot";
import { type ContentType, counter, type Json, json, list, object, set, text, type Versioned } from "vkv";
import { z } from "zod";

interface Todo {
  id: string;
  title: string;
}
interface Page {
  title: string;
  views: number;
  tags: string[];
  todos?: Todo[];
  meta: { edits: number };
}

const ofZod = z.object({ title: z.string(), views: z.number().default(0), note: z.string().optional() });
const ofValibot = valibot.object({ title: valibot.string(), tags: valibot.array(valibot.string()) });

// Values have the types that schemas give.
export const zodValues: ContentType<{ title: string; views: number; note?: string | undefined }> = json({
  schema: ofZod,
});
export const valibotValues: ContentType<{ title: string; tags: string[] }> = json({ schema: ofValibot });
export const zodObjects: ContentType<z.infer<typeof ofZod>> = object({
  schema: ofZod,
  fields: { title: "theirs", views: "sum", note: text() },
});
export const valibotObjects: ContentType<valibot.InferOutput<typeof ofValibot>> = object({
  schema: ofValibot,
  fields: { tags: set<string>() },
});
export const zodLists: ContentType<readonly Todo[]> = list({
  id: "id",
  schema: z.array(z.object({ id: z.string(), title: z.string() })),
});

// Rules fit their fields.
export const pages: ContentType<Page> = object<Page>({
  fields: {
    title: text(),
    views: "sum",
    tags: set(),
    todos: list<Todo>({ id: "id", element: object<Todo>({ fields: { title: text() } }) }),
    meta: object<Page["meta"]>({
      fields: { edits: { merge: (_old, ours, theirs) => Math.max(ours ?? 0, theirs ?? 0) } },
    }),
  },
});
export const anything: ContentType<{ readonly [name: string]: Json }> = object({ others: "sum" });
export const texts: ContentType<Record<string, string>> = object<Record<string, string>>({ others: text() });
// @ts-expect-error: a title is no number
object<Page>({ fields: { title: "sum" } });
// @ts-expect-error: no such field
object<Page>({ fields: { titel: "ours" } });
// @ts-expect-error: a counter's values are no JSON
object<Page>({ fields: { views: counter() } });
// @ts-expect-error: no such field
list<Todo>({ id: "key" });
// @ts-expect-error: a list must say which field tells elements apart
list<Todo>({});
// @ts-expect-error: a date is no JSON
set<Date>();

// Without types, whatever is JSON.
export const untyped: ContentType<{ readonly [name: string]: Json }> = object({
  fields: {
    a: object({ fields: { b: text(), n: "sum" } }),
    l: list({ id: "id" }),
    s: set(),
    j: json({ merge: () => 1 }),
  },
});

// All of them are content types for a handle.
declare const v: Versioned;
v.setContentType("text", text());
v.setContentType("set", set<string>());
v.setContentType("object", pages);
v.setContentType("list", zodLists);
