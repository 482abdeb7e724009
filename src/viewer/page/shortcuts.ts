import { useEffect } from "preact/hooks";
import { VIEWS, type View } from "./route.ts";
import { go } from "./use-route.ts";

/** The views of the menu, in its order; their numbers lead to them. */
export const MENU: readonly View[] = VIEWS.slice(0, 5);

interface Actions {
  readonly help: () => void;
  readonly reload: () => void;
  /** What `at` the key browser opens with. */
  readonly at: string;
}

/** The keys that do something wherever one is, unless one is writing. */
export function useShortcuts({ help, reload, at }: Actions): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const isWriting = event.target instanceof HTMLElement && event.target.closest("input, select, textarea") !== null;
      if (isWriting && event.key === "Escape") (event.target as HTMLElement).blur();
      if (isWriting || document.querySelector("dialog[open]") !== null) return;
      const view = MENU[Number(event.key) - 1];
      if (view !== undefined) go(view);
      else if (event.key === "?") help();
      else if (event.key === "r") reload();
      else if (event.key === "/") search(at);
      else if (event.key === "j" || event.key === "ArrowDown") focusList();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}

function focusList(): void {
  document.querySelector<HTMLElement>('.rows :is(a, button)[tabindex="0"]')?.focus();
}

/** Goes to the search field, in the key browser if it is not there. */
function search(at: string): void {
  const field = document.querySelector<HTMLElement>("input.search");
  if (field !== null) {
    field.focus();
    return;
  }
  go("keys", { at, q: "" });
}
