/** Cost against the number of keys, as an SVG: log-log axes, legible in light and dark. */

const WIDTH = 300;
const HEIGHT = 230;
const LEFT = 58;
const TOP = 34;
const GAP = 24;
const COLUMNS = 3;
const COLORS = [
  "#e69f00",
  "#56b4e9",
  "#009e73",
  "#cc79a7",
  "#8c8c8c",
  "#a6761d",
  "#7570b3",
  "#66a61e",
  "#d95f02",
  "#1f9e9e",
];
const DASHES = ["", "6 3", "2 3"];

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 14px; }
.tick { font-size: 11px; fill: #57606a; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.line { fill: none; stroke-width: 1.8; }
.own { stroke: #cf222e; stroke-width: 3.2; }
.own-dot { fill: #cf222e; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .tick { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .own { stroke: #ff7b72; }
  .own-dot { fill: #ff7b72; }
}`;

/**
 * @param panels what to draw: a title, and of each system its points, [keys, microseconds] each; the first system is ours
 */
export function plot(panels) {
  const names = [...new Set(panels.flatMap(({ series }) => [...series.keys()]))];
  const sizes = panels.flatMap(({ series }) => [...series.values()].flatMap((points) => points.map(([n]) => n)));
  const xs = [Math.min(...sizes), Math.max(...sizes)];
  const cells = [...panels.map((panel) => drawPanel(panel, names, xs)), drawLegend(names)];
  const rows = Math.ceil(cells.length / COLUMNS);
  const [width, height] = [COLUMNS * (LEFT + WIDTH + GAP), rows * (TOP + HEIGHT + GAP + 20)];
  const placed = cells.map((cell, i) => {
    const [x, y] = [
      (i % COLUMNS) * (LEFT + WIDTH + GAP) + LEFT,
      Math.floor(i / COLUMNS) * (TOP + HEIGHT + GAP + 20) + TOP,
    ];
    return `<g transform="translate(${x} ${y})">\n${cell}\n</g>`;
  });
  const label = "Cost in microseconds against the number of keys";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<style>${STYLE}
</style>
${placed.join("\n")}
</svg>
`;
}

function drawPanel({ title, series }, names, xs) {
  const costs = [...series.values()].flatMap((points) => points.map(([, cost]) => cost));
  const ys = [10 ** Math.floor(Math.log10(Math.min(...costs))), 10 ** Math.ceil(Math.log10(Math.max(...costs)))];
  const x = scale(xs, 0, WIDTH);
  const y = scale(ys, HEIGHT, 0);
  const parts = [`<text class="title" x="0" y="-12">${title}</text>`];
  for (const cost of decades(ys)) {
    parts.push(`<path class="grid" d="M0 ${y(cost)}H${WIDTH}"/>`);
    parts.push(`<text class="tick" x="-8" y="${y(cost) + 4}" text-anchor="end">${time(cost)}</text>`);
  }
  for (const n of decades(xs)) {
    parts.push(`<path class="grid" d="M${x(n)} 0V${HEIGHT}"/>`);
    parts.push(`<text class="tick" x="${x(n)}" y="${HEIGHT + 16}" text-anchor="middle">${short(n)}</text>`);
  }
  // Ours last, on top of the others.
  for (const name of [...series.keys()].reverse()) {
    const points = series.get(name).map(([n, cost]) => [x(n), y(cost)]);
    const { line, dot } = look(names.indexOf(name));
    parts.push(`<path ${line} d="M${points.map((point) => point.join(" ")).join("L")}"/>`);
    for (const [cx, cy] of points) parts.push(`<circle ${dot} cx="${cx}" cy="${cy}" r="2.6"/>`);
  }
  return parts.join("\n");
}

function drawLegend(names) {
  const rows = names.map((name, i) => {
    const y = i * 18;
    const { line } = look(i);
    return `<path ${line} d="M0 ${y}H30"/><text x="40" y="${y + 4}">${name}</text>`;
  });
  const y = names.length * 18 + 6;
  return [...rows, `<text class="tick" x="0" y="${y}">across: keys; up: time of one operation</text>`].join("\n");
}

function look(index) {
  if (index === 0) return { line: 'class="line own"', dot: 'class="own-dot"' };
  const color = COLORS[(index - 1) % COLORS.length];
  const dash = DASHES[Math.floor((index - 1) / COLORS.length)];
  const dashed = dash === "" ? "" : ` stroke-dasharray="${dash}"`;
  return { line: `class="line" stroke="${color}"${dashed}`, dot: `fill="${color}"` };
}

/** Where a value lies between two ends, on a logarithmic axis. */
function scale([from, to], start, end) {
  const span = Math.log10(to / from);
  return (value) => Math.round((start + ((end - start) * Math.log10(value / from)) / span) * 10) / 10;
}

function decades([from, to]) {
  const all = [];
  for (let value = from; value <= to * 1.001; value *= 10) all.push(value);
  return all;
}

function time(micros) {
  if (micros >= 1e6) return `${micros / 1e6} s`;
  if (micros >= 1000) return `${micros / 1000} ms`;
  return micros >= 1 ? `${Math.round(micros)} µs` : `${Math.round(micros * 1000)} ns`;
}

function short(n) {
  return n >= 1e6 ? `${n / 1e6}M` : `${n / 1000}k`;
}
