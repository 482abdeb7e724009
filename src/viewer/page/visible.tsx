import type { JSX } from "preact";
import { firstPieces, type Piece, pieces, piecesOfLines } from "./escape.ts";

/** How much of a text is put into lists, in UTF-16 units; styles cut it to the room there is. */
const CLIP = 300;
/** How many pieces of a text in lines: browsers take minutes for hundreds of thousands of elements. */
const MOST_PIECES = 10_000;

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

interface LinesProps {
  readonly text: string;
  /** How many pieces are put into the page: a text of unseen characters has as many of them as characters. */
  readonly most?: number;
}

/** A text in several lines. */
export function VisibleLines({ text, most = MOST_PIECES }: LinesProps): JSX.Element {
  const { shown, left } = firstPieces(piecesOfLines(text), most);
  return (
    <bdi class="visible-lines">
      <Pieces of={shown} />
      {left > 0 && (
        <span class="muted">{` … ${left.toLocaleString("en")} characters more, too many of them unseen to show`}</span>
      )}
    </bdi>
  );
}

function Pieces({ of }: { of: readonly Piece[] }): JSX.Element {
  return <>{of.map((piece) => ("text" in piece ? piece.text : <span class="escape">{piece.code}</span>))}</>;
}
