import type { JSX } from "preact";
import { type Piece, pieces, piecesOfLines } from "./escape.ts";

/** How much of a text is put into lists, in UTF-16 units; styles cut it to the room there is. */
const CLIP = 300;

/** A key or another text in one line, with what would not be seen named, and isolated from the text around it. */
export function Visible({ text, isWhole = false }: { text: string; isWhole?: boolean }): JSX.Element {
  const isClipped = !isWhole && text.length > CLIP;
  return (
    <bdi class="visible">
      <Pieces of={pieces(isClipped ? text.slice(0, CLIP).toWellFormed() : text)} />
      {isClipped && <span class="muted">… ({text.length.toLocaleString("en")} characters)</span>}
    </bdi>
  );
}

/** A text in several lines. */
export function VisibleLines({ text }: { text: string }): JSX.Element {
  return (
    <bdi>
      <Pieces of={piecesOfLines(text)} />
    </bdi>
  );
}

function Pieces({ of }: { of: readonly Piece[] }): JSX.Element {
  return <>{of.map((piece) => ("text" in piece ? piece.text : <span class="escape">{piece.code}</span>))}</>;
}
