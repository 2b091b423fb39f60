/** The figure of what accuracy costs: error against the number of times that a network is evaluated, for any methods. */
import { checkSettings, fields, list, text } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { extent, requireNumbers, someOf } from "./check.ts";
import { drawFigure, type Mark } from "./figure.ts";
import { okabeIto } from "./palette.ts";
import { scale } from "./scale.ts";

/** One method's errors. */
export interface ConvergenceSeries {
  /** The method, as the legend names it. */
  readonly name: string;
  /** How often the network was evaluated, > 0. */
  readonly evaluations: ArrayLike<number>;
  /** The error after so many, > 0. */
  readonly errors: ArrayLike<number>;
}

/** What `convergenceFigure` draws. */
export interface ConvergenceOptions {
  /** Panels side by side with shared axes; a method of the same name looks the same in all. */
  readonly panels: readonly {
    /** Above the panel: what is solved, and what error is measured. */
    readonly title: string;
    readonly series: readonly ConvergenceSeries[];
  }[];
}

/**
 * Error against network evaluations, both on log axes: a method of order p falls by p decades in each decade. Methods
 * differ in colour, and in marker and dash as well.
 *
 * @throws ArgumentError for empty lists, more than 8 methods, values ≤ 0, NaN or ±∞; ShapeError for lengths that differ
 * @example
 * const series = [{ name: "Euler", evaluations: [10, 20], errors: [0.1, 0.05] }];
 * convergenceFigure({ panels: [{ title: "a mixture", series }] }) // "<svg …"
 */
export function convergenceFigure(options: ConvergenceOptions): string {
  checkSettings("convergenceFigure", options, OPTIONS);
  const { panels } = options;
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  if (names.length > COLORS.length) {
    throw new ArgumentError(
      "convergenceFigure",
      `${names.length} methods are more than the ${COLORS.length} that can be told apart`,
      "leave some out, or draw two figures.",
    );
  }
  for (const { series } of panels)
    for (const { name, evaluations, errors } of series) requireSeries(name, evaluations, errors);
  const all = panels.flatMap(({ series }) => series);
  const [fewest, most] = extent(all.map(({ evaluations }) => evaluations));
  const best = all.reduce((least, one) => (lastOf(one.errors) < lastOf(least.errors) ? one : least));
  return drawFigure({
    title: "Error against network evaluations",
    description:
      `Errors of ${names.join(", ")} for ${fewest} to ${most} evaluations of the network, on logarithmic axes. ` +
      `The least, ${lastOf(best.errors).toExponential(0)}, is that of ${best.name}.`,
    x: {
      label: "Network evaluations",
      scale: scale(fewest / 1.2, most * 1.2, { kind: "log", nice: false, ticks: 5 }),
    },
    y: {
      label: "Error",
      scale: scale(...extent(all.map(({ errors }) => errors)), { kind: "log", ticks: 8 }),
    },
    rows: [
      panels.map(({ title, series }) => ({ title, marks: series.flatMap((one) => marksOf(one, names)) })),
    ],
    panelWidth: panels.length === 1 ? 560 : 360,
  });
}

const OPTIONS = {
  panels: someOf(
    fields({
      title: text,
      series: someOf(fields({ name: text, evaluations: list, errors: list })),
    }),
  ),
};

/** In the order of their luminance, far ones next to each other, without the yellow that thin lines do not show. */
const COLORS: readonly string[] = [
  okabeIto.black,
  okabeIto.orange,
  okabeIto.blue,
  okabeIto.skyBlue,
  okabeIto.vermillion,
  okabeIto.green,
  okabeIto.purple,
  "#7f7f7f",
];

function marksOf({ name, evaluations: x, errors: y }: ConvergenceSeries, names: readonly string[]): Mark[] {
  const i = names.indexOf(name);
  const style = { x, y, label: name, color: COLORS[i] };
  return [
    { kind: "line", ...style, width: 1.3, ...(i % 4 >= 2 && { dash: "5 3" }) },
    { kind: "points", ...style, marker: i % 2 === 0 ? "circle" : "square", size: 5.5, hollow: i >= 4 },
  ];
}

function requireSeries(name: string, evaluations: ArrayLike<number>, errors: ArrayLike<number>): void {
  requireNumbers("convergenceFigure", `evaluations of ${name}`, evaluations);
  requireNumbers("convergenceFigure", `errors of ${name}`, errors, {
    name: "evaluations",
    length: evaluations.length,
  });
  const isAbove = (values: ArrayLike<number>): boolean => Array.from(values).every((value) => value > 0);
  if (isAbove(evaluations) && isAbove(errors)) return;
  throw new ArgumentError(
    "convergenceFigure",
    `${name} has a value that is not above 0, and a log scale shows no other`,
    "leave the point out.",
  );
}

const lastOf = (values: ArrayLike<number>): number => values[values.length - 1];
