import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Done } from "../protocol.ts";
import type { CallError } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { Trouble } from "./parts.tsx";
import { useRefs } from "./refs-context.ts";
import { callError } from "./use-load.ts";

interface OrderProps {
  /** What the button that opens the dialog says. */
  readonly label: string;
  readonly title: string;
  /** What the button that does it says. */
  readonly verb: string;
  readonly isDanger?: boolean;
  readonly isDisabled?: boolean;
  /** What will happen, and what is asked. */
  readonly children: ComponentChildren;
  readonly run: () => Promise<Done>;
  readonly onDone?: (done: Done) => void;
}

/** A button for something that changes the store: it is done when a dialog has said what, and was answered. */
export function Order({
  label,
  title,
  verb,
  isDanger = false,
  isDisabled = false,
  children,
  run,
  onDone,
}: OrderProps): JSX.Element {
  const { reload } = useRefs();
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<CallError>();
  const close = (): void => {
    setOpen(false);
    setError(undefined);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    run()
      .then(
        (done) => {
          close();
          reload();
          onDone?.(done);
        },
        (failed: unknown) => setError(callError(failed)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" disabled={isDisabled} onClick={() => setOpen(true)}>
        {label}
      </button>
      {isOpen && (
        <Dialog title={title} onClose={close}>
          <form onSubmit={submit}>
            {children}
            <Trouble error={error} />
            <p class="buttons">
              <button type="button" onClick={close}>
                Cancel
              </button>
              <button type="submit" class={isDanger ? "danger" : "primary"} disabled={isBusy}>
                {verb}
              </button>
            </p>
          </form>
        </Dialog>
      )}
    </>
  );
}
