/**
 * A chart in the colours of the page, from the marks of `halograd/plot`: what one sees and what one saves as SVG are the same lines
 * on the same axes.
 */

import { type Axis, figure, type Mark, okabeIto, type Scale, scale } from "halograd/plot";
import type { ComponentChildren, SVGAttributes } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface ChartSpec {
  readonly title: string;
  /** What it shows, for those who do not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Mark[];
}

/** Places in pixels, and back. */
export interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly xOf: (pixels: number) => number;
  readonly yOf: (pixels: number) => number;
}

interface ChartProps extends ChartSpec {
  readonly height: number;
  /** A chart among many: without names of the axes. */
  readonly small?: boolean;
  /** Drawn over the marks. */
  readonly children?: (frame: Frame) => ComponentChildren;
  readonly svgProps?: (frame: Frame) => SVGAttributes<SVGSVGElement>;
}

export function Chart(props: ChartProps) {
  const { title, description, x, y, marks, height, small = false, children, svgProps } = props;
  const [width, box] = useWidth();
  const margin = { left: small ? 34 : 52, right: 8, top: 8, bottom: small ? 20 : 38 };
  const [w, h] = [width - margin.left - margin.right, height - margin.top - margin.bottom];
  const frame: Frame = {
    x: (value) => margin.left + x.scale.at(value) * w,
    y: (value) => margin.top + (1 - y.scale.at(value)) * h,
    xOf: (pixels) => valueAt(x.scale, (pixels - margin.left) / w),
    yOf: (pixels) => valueAt(y.scale, 1 - (pixels - margin.top) / h),
  };
  const id = `area-${title.replace(/\W+/g, "-")}`;
  const sparse = (list: Scale["ticks"], room: number): Scale["ticks"] =>
    list.filter((_, i) => i % Math.ceil((list.length * room) / Math.max(1, w)) === 0);
  return (
    <div class="chart" ref={box}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`${title}. ${description}`}
          {...svgProps?.(frame)}
        >
          <clipPath id={id}>
            <rect x={margin.left} y={margin.top} width={w} height={h} />
          </clipPath>
          {y.scale.ticks.map(({ value, label }) => (
            <g key={label}>
              <path class="grid" d={`M${margin.left} ${frame.y(value)}h${w}`} />
              <text x={margin.left - 5} y={frame.y(value) + 4} text-anchor="end">
                {plain(label)}
              </text>
            </g>
          ))}
          {sparse(x.scale.ticks, 30).map(({ value, label }) => (
            <g key={label}>
              <path class="grid" d={`M${frame.x(value)} ${margin.top}v${h}`} />
              <text x={frame.x(value)} y={margin.top + h + 14} text-anchor="middle">
                {plain(label)}
              </text>
            </g>
          ))}
          {!small && (
            <>
              <text x={margin.left + w / 2} y={height - 4} text-anchor="middle">
                {plain(x.label)}
              </text>
              <text transform={`translate(12 ${margin.top + h / 2}) rotate(-90)`} text-anchor="middle">
                {plain(y.label)}
              </text>
            </>
          )}
          <g clip-path={`url(#${id})`}>
            {marks.map((mark, i) => (
              <MarkView key={i} mark={mark} frame={frame} />
            ))}
          </g>
          {children?.(frame)}
        </svg>
      )}
    </div>
  );
}

/** The legend of marks: each label once. */
export function Legend({ marks }: { readonly marks: readonly Mark[] }) {
  const labels = [...new Map(marks.flatMap((mark) => (mark.label ? [[mark.label, mark] as const] : [])))];
  return (
    <p class="legend" aria-hidden="true">
      {labels.map(([label, mark]) => (
        <span key={label}>
          <svg width="26" height="12" aria-hidden="true">
            {mark.kind === "band" ? (
              <rect width="26" height="12" style={styleOf(mark)} />
            ) : mark.kind === "points" ? (
              <circle cx="13" cy="6" r="3" style={styleOf(mark)} />
            ) : (
              <path d="M0 6h26" style={styleOf(mark)} />
            )}
          </svg>{" "}
          {plain(label)}
        </span>
      ))}
    </p>
  );
}

function MarkView({ mark, frame }: { readonly mark: Mark; readonly frame: Frame }) {
  const place = (x: number, y: number): string => `${frame.x(x).toFixed(1)} ${clamp(frame.y(y)).toFixed(1)}`;
  if (mark.kind === "band") {
    const up = Array.from(mark.x, (x, i) => place(x, mark.high[i]));
    const down = Array.from(mark.x, (x, i) => place(x, mark.low[i])).reverse();
    return <path d={`M${[...up, ...down].join("L")}Z`} style={styleOf(mark)} />;
  }
  const places = Array.from(mark.x, (x, i) => place(x, mark.y[i]));
  if (mark.kind === "line") return <path d={`M${places.join("L")}`} style={styleOf(mark)} />;
  // Lines of no length with round ends.
  return (
    <path
      d={places.map((at) => `M${at}h0`).join("")}
      style={{
        fill: "none",
        stroke: toneOf(mark.color),
        strokeWidth: mark.size ?? 4,
        strokeLinecap: "round",
      }}
    />
  );
}

function styleOf(mark: Mark) {
  const color = toneOf(mark.color);
  if (mark.kind === "points") return { fill: color };
  if (mark.kind === "band") return { fill: color, opacity: mark.opacity ?? 0.25 };
  return {
    fill: "none",
    stroke: color,
    strokeWidth: mark.width ?? 1.5,
    strokeDasharray: mark.dash ?? "none",
    opacity: mark.opacity ?? 1,
  };
}

/** Colours of figures stand on white; on the page they follow light and dark. */
const TONES: Readonly<Record<string, string>> = {
  [okabeIto.black]: "var(--ink)",
  [okabeIto.blue]: "var(--positive)",
  [okabeIto.vermillion]: "var(--negative)",
  [okabeIto.green]: "var(--right)",
  [okabeIto.orange]: "var(--orange)",
};

const toneOf = (color: string): string => TONES[color] ?? color;

/** SVG readers take coordinates of a million pixels badly. */
const clamp = (pixels: number): number => Math.max(-5000, Math.min(5000, pixels));

/** The markup of labels without its signs: the page has no need of italics. */
const plain = (label: string): string =>
  label
    .replace(/\*/g, "")
    .replace(/\^\{−(\d)\}/g, (_, digit) => `⁻${"⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]}`)
    .replace(/\^\{(\d)\}/g, (_, digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])
    .replace(/[_{}]/g, "");

function valueAt({ kind, from, to }: Scale, part: number): number {
  const within = Math.max(0, Math.min(1, part));
  return kind === "log" ? from * (to / from) ** within : from + within * (to - from);
}

/** The width that there is, and the element that has it. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = (): void => setWidth(Math.floor(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, box] as const;
}

/** The figure that is saved; its vertical axis holds all marks, which the page may cut off. */
export function figureOf(charts: readonly ChartSpec[]): string {
  const [{ title, description, x }] = charts;
  const values = charts.flatMap(({ marks }) =>
    marks.flatMap((mark) =>
      mark.kind === "band" ? [...Array.from(mark.low), ...Array.from(mark.high)] : Array.from(mark.y),
    ),
  );
  const { label, scale: own } = charts[0].y;
  const [least, most] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const from = own.kind === "log" ? least : Math.min(0, least);
  return figure({
    title,
    description,
    x,
    y: { label, scale: scale(from, most, { kind: own.kind }) },
    rows: [charts.map(({ title, marks }) => (charts.length > 1 ? { title, marks } : { marks }))],
    ...(charts.length > 1 && { panelWidth: 200, panelHeight: 200 }),
  });
}

/** The axis of radii that all charts of curves have. */
export const radiusAxis = (radii: Float64Array): Axis => ({
  label: "Radius *R* [kpc]",
  scale: scale(radii[0], radii[radii.length - 1], { kind: "log", nice: false, ticks: 7 }),
});

/** An axis of velocities from 0, or below where there are such, to the fastest. */
export function velocityAxis(curves: readonly ArrayLike<number>[], least = 0): Axis {
  let fastest = 100;
  for (const curve of curves) for (let i = 0; i < curve.length; i++) fastest = Math.max(fastest, curve[i]);
  return {
    label: "Circular velocity *v* [km s^{−1}]",
    scale: scale(least, Math.min(fastest * 1.03, 1500), { ticks: 5 }),
  };
}
