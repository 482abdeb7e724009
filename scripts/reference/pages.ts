/** The pages of the API reference: what the doc comments of every export say, as Markdown. */
import { firstSentence } from "./doc-comment.ts";
import type { Export } from "./exports.ts";
import { headingOf, type Item } from "./item.ts";
import { PAGES, type Page } from "./layout.ts";
import { inCell, linkTo, type Place, type Places, withLinks } from "./links.ts";
import { Section } from "./markdown.ts";
import { methodHeading } from "./members.ts";

const NOTE = "<!-- Made from the doc comments in src by `npm run docs`: change those. -->";
const INDEX = "README.md";
const INTRO =
  "Every export, with what its doc comment says. [Getting started](../getting-started.md) and the pages after it explain how they work together.";

/** The pages, by the names of their files. An export that has no page, or a page's export that there is not, is an error. */
export function referencePages(exports: ReadonlyMap<string, Export>): Map<string, string> {
  const listed = PAGES.flatMap(({ names }) => names);
  const lost = [...exports.keys()].filter((name) => !listed.includes(name));
  if (lost.length > 0) throw new Error(`Give ${lost.join(", ")} a page in scripts/reference/layout.ts.`);
  const pages = PAGES.map((page) => ({ page, exports: page.names.map((name) => find(exports, name)) }));
  const places = new Map(pages.flatMap(({ page, exports }) => exports.flatMap(({ item }) => placesOf(item, page))));
  const index = pages.map(({ page, exports }) => indexOf(page, exports, places));
  return new Map([
    [INDEX, joined("API reference", INTRO, index)],
    ...pages.map(({ page, exports }): [string, string] => {
      const sections = exports.map(({ item, from }) =>
        new Section(item, places, { file: page.file, heading: headingOf(item) }).text(from),
      );
      return [page.file, joined(page.title, page.intro, sections)];
    }),
  ]);
}

function find(exports: ReadonlyMap<string, Export>, name: string): Export {
  const found = exports.get(name);
  if (found === undefined) throw new Error(`scripts/reference/layout.ts names ${name}, which is not exported.`);
  return found;
}

function joined(title: string, intro: string, sections: readonly string[]): string {
  return `${[NOTE, `# ${title}`, intro, ...sections].join("\n\n")}\n`;
}

/** The headings of an export and of its methods, by what texts call them. A bare word such as `set` could mean anything. */
function placesOf(item: Item, { file }: Page): [string, Place][] {
  const place = { file, heading: headingOf(item) };
  const methods = item.kind === "class" ? item.members.filter(({ kind }) => kind === "method") : [];
  return [
    [headingOf(item), place],
    ...(/[A-Z]/.test(item.name) ? [[item.name, place] satisfies [string, Place]] : []),
    ...methods.flatMap((method) => {
      const heading = methodHeading(item.name, method);
      return [`${item.name}.${method.name}`, `${item.name}.${method.name}()`, heading].map((name): [string, Place] => [
        name,
        { file, heading },
      ]);
    }),
  ];
}

function indexOf({ file, title }: Page, exports: readonly Export[], places: Places): string {
  const rows = exports.map(({ item }) => {
    const heading = headingOf(item);
    const text = withLinks(firstSentence(item.doc?.text ?? ""), places, { file: INDEX, heading });
    return `| ${linkTo(`\`${heading}\``, { file, heading }, INDEX)} | ${inCell(text)} |`;
  });
  return `## [${title}](${file})\n\n${["| | |", "|---|---|", ...rows].join("\n")}`;
}
