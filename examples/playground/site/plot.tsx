/** A small plot: lines over one axis, a point, and the range in words. */

import { show } from "./numbers.ts";

interface PlotProps {
  readonly label: string;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
  readonly point?: readonly [number, number] | undefined;
}

const [WIDTH, HEIGHT, MARGIN] = [320, 160, 48];

export function Plot({ label, lines, point }: PlotProps) {
  const all = [...lines[0].points, ...(point ? [point] : [])].filter(
    ([x, y]) => Number.isFinite(x) && Number.isFinite(y),
  );
  if (all.length === 0) return null;
  const range = (values: number[]): [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return high > low ? [low, high] : [low - 0.5, high + 0.5];
  };
  const [left, right] = range(all.map(([x]) => x));
  const [low, high] = range(all.map(([, y]) => y));
  const at = ([x, y]: readonly [number, number]): [number, number] => [
    MARGIN + ((x - left) / (right - left)) * (WIDTH - MARGIN - 8),
    HEIGHT - 22 - ((y - low) / (high - low)) * (HEIGHT - 34),
  ];
  const [px, py] = point ? at(point) : [0, 0];
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${label}, from ${show(low)} to ${show(high)}`}
    >
      <clipPath id="plot-area">
        <rect x={MARGIN} y={6} width={WIDTH - MARGIN - 4} height={HEIGHT - 26} />
      </clipPath>
      <path class="axes" d={`M${MARGIN} 6V${HEIGHT - 20}H${WIDTH - 4}`} />
      <g clip-path="url(#plot-area)">
        {lines.map(({ name, points }, i) => (
          <path
            key={name}
            class={`line line-${i}`}
            d={points
              .filter((point) => point.every(Number.isFinite))
              .map(
                (point, k) =>
                  `${k === 0 ? "M" : "L"}${at(point)
                    .map((v) => v.toFixed(1))
                    .join(" ")}`,
              )
              .join("")}
          />
        ))}
      </g>
      {point && <circle class="point" cx={px} cy={py} r={4} />}
      <text x={MARGIN - 4} y={14} text-anchor="end">
        {show(high)}
      </text>
      <text x={MARGIN - 4} y={HEIGHT - 22} text-anchor="end">
        {show(low)}
      </text>
      <text x={MARGIN} y={HEIGHT - 6}>
        {show(Number(left.toPrecision(3)))}
      </text>
      <text x={WIDTH - 4} y={HEIGHT - 6} text-anchor="end">
        {show(Number(right.toPrecision(3)))}
      </text>
    </svg>
  );
}
