import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** How many rows beyond what is seen are there, on each side. */
const SPARE = 8;
/** How much of a list is seen however little room there is, in CSS pixels. */
const MIN_HEIGHT = 150;
/** How near the end more is asked for, in rows. */
const AHEAD = 60;

interface ListProps<T> {
  readonly rows: readonly T[];
  /** The height of every row, in CSS pixels. */
  readonly height: number;
  readonly label: string;
  /** A row, with one link or button, which takes `tabIndex`. */
  readonly render: (row: T, index: number, tabIndex: number) => ComponentChildren;
  /** Called again and again near the end of the rows. */
  readonly onEnd?: () => void;
}

/** A list of any length: only the rows that are seen are in the page. Arrows, j and k, Home and End go through it. */
export function VirtualList<T>({ rows, height, label, render, onEnd }: ListProps<T>): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [active, setActive] = useState(0);
  const wanted = useRef(-1);

  const look = (): void => {
    if (box.current) setView({ top: box.current.scrollTop, height: box.current.clientHeight });
  };
  useEffect(() => {
    const observer = new ResizeObserver(look);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(view.top / height) - SPARE);
  const end = Math.min(rows.length, Math.ceil((view.top + view.height) / height) + SPARE);
  useEffect(() => {
    if (onEnd !== undefined && end + AHEAD >= rows.length) onEnd();
  });
  useLayoutEffect(() => {
    const row = box.current?.querySelector<HTMLElement>(`[data-row="${wanted.current}"] :is(a, button)`);
    if (wanted.current < 0 || !row) return;
    wanted.current = -1;
    row.focus({ preventScroll: true });
  });

  const moveTo = (index: number): void => {
    const target = Math.max(0, Math.min(rows.length - 1, index));
    wanted.current = target;
    setActive(target);
    const element = box.current;
    if (!element) return;
    if (target * height < element.scrollTop) element.scrollTop = target * height;
    const over = (target + 1) * height - element.clientHeight;
    if (over > element.scrollTop) element.scrollTop = over;
    look();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const to =
      event.ctrlKey || event.metaKey || event.altKey
        ? undefined
        : targetOf(event.key, active, view, height, rows.length);
    if (to === undefined) return;
    event.preventDefault();
    moveTo(to);
  };
  const onFocus = (event: FocusEvent): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
    if (row) setActive(Number(row.dataset["row"]));
  };

  const total = rows.length * height;
  // Where the active row is not in the page, the first one that is can be reached instead.
  const reachable = active >= first && active < end ? active : first;
  return (
    <div
      class="scroll"
      ref={box}
      onScroll={look}
      onKeyDown={onKeyDown}
      onFocusIn={onFocus}
      style={{ minHeight: `${Math.min(total, MIN_HEIGHT) + 1}px`, maxHeight: `${total + 1}px` }}
    >
      <ul class="rows" aria-label={label} style={{ height: `${total}px` }}>
        {rows.slice(first, end).map((row, i) => {
          const index = first + i;
          return (
            <li
              key={index}
              data-row={index}
              aria-setsize={onEnd === undefined ? rows.length : -1}
              aria-posinset={index + 1}
              style={{ top: `${index * height}px`, height: `${height}px` }}
            >
              {render(row, index, index === reachable ? 0 : -1)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function targetOf(
  key: string,
  active: number,
  view: { readonly height: number },
  height: number,
  count: number,
): number | undefined {
  const page = Math.max(1, Math.floor(view.height / height) - 1);
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: active + 1,
    j: active + 1,
    ArrowUp: active - 1,
    k: active - 1,
    PageDown: active + page,
    PageUp: active - page,
    Home: 0,
    End: count - 1,
  };
  return targets[key];
}
