import type { JSX } from "preact";
import { Dialog } from "./dialog.tsx";

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["↓", "j"], "next row"],
  [["↑", "k"], "previous row"],
  [["Home", "End"], "first row, last row that is loaded"],
  [["Enter"], "open"],
  [["/"], "search keys"],
  [["1", "…", "5"], "commits, keys, compare, merge, branches"],
  [["r"], "load again"],
  [["?"], "this help"],
  [["Esc"], "close a dialog, leave a field"],
];

/** The keys of the keyboard. */
export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="help">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="buttons">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
