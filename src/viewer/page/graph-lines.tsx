import type { JSX } from "preact";
import type { LaneRow } from "./lanes.ts";

/** The distance of two lanes, in CSS pixels. */
const STEP = 14;
/** Lanes further to the right are drawn as this one. */
const MOST = 11;
const COLORS = 8;

const laneAt = (lane: number): number => Math.min(lane, MOST);
const x = (lane: number): number => laneAt(lane) * STEP + STEP / 2 + 1;
const color = (lane: number): string => `lane-${lane % COLORS}`;

/** How wide lines of so many lanes are. */
export function widthOf(lanes: number): number {
  return (Math.min(lanes, MOST + 1) + 0.5) * STEP;
}

/** The piece of the graph's lines beside one commit. */
export function GraphLines({ row, height, width }: { row: LaneRow; height: number; width: number }): JSX.Element {
  const middle = height / 2;
  const at = x(row.lane);
  const curve = (lane: number, y: number): string =>
    `M${x(lane)} ${y} C${x(lane)} ${middle} ${at} ${y} ${at} ${middle}`;
  return (
    <svg class="lines" width={width} height={height} aria-hidden="true" focusable="false">
      {row.passing.map((lane) => (
        <path key={`p${lane}`} class={color(lane)} d={`M${x(lane)} 0 V${height}`} />
      ))}
      {row.above.map((lane) => (
        <path key={`a${lane}`} class={color(lane)} d={curve(lane, 0)} />
      ))}
      {row.below.map((lane) => (
        <path key={`b${lane}`} class={color(lane)} d={curve(lane, height)} />
      ))}
      <circle class={color(row.lane)} cx={at} cy={middle} r="4" />
    </svg>
  );
}
