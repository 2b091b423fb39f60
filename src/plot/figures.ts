/** The five figures of the rotation-curve diffusion model, each a pure function from numbers to an SVG document. */
import { checkSettings, fields, list, number, oneOf, optional, text } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { extent, requireGrowing, requireNumbers, someOf } from "./check.ts";
import { type Axis, drawFigure, type LineMark, type Mark, type Panel, type PointsMark } from "./figure.ts";
import { okabeIto, viridis } from "./palette.ts";
import { SCALE_KINDS, type ScaleKind, scale } from "./scale.ts";
import { thinLine } from "./thin.ts";

/** Velocities in km/s, one for each radius. */
export type Curve = ArrayLike<number>;

/** The radii that all curves of a figure share, and how to show them. */
export interface RadiusOptions {
  /** kpc, growing. */
  readonly radii: ArrayLike<number>;
  /**
   * The radius axis. Default `"log"`: log-spaced radii then stand at equal distances, and the rise inside 1 kpc, half of the
   * points, is seen. `"linear"` shows how flat the outer curves are.
   */
  readonly scale?: ScaleKind;
}

/** What `curvesFigure` draws. */
export interface CurvesOptions extends RadiusOptions {
  /** km/s, each as long as the radii. */
  readonly curves: readonly Curve[];
  /** Solar masses, one for each curve: colours the curves, and adds a colour bar. Default: one colour. */
  readonly discMasses?: ArrayLike<number>;
}

/**
 * All rotation curves in one panel: thin translucent lines, so that density shows where most galaxies are. 1000 curves of 50
 * radii take about 0.7 MB. Of more than 3000, evenly chosen ones are drawn, and the description says so: more lines cover each other.
 *
 * @throws ArgumentError for no curves, radii that do not grow or cannot stand on a log axis, masses ≤ 0, or NaN and ±∞;
 *   ShapeError for lengths that differ
 * @example curvesFigure({ radii: [0.1, 1, 10], curves: [[40, 120, 160]], discMasses: [1e10] }) // "<svg …"
 */
export function curvesFigure(options: CurvesOptions): string {
  checkSettings("curvesFigure", options, { ...RADII, curves: someOf(list), discMasses: optional(list) });
  const { radii, curves, discMasses } = options;
  requireRadii("curvesFigure", options);
  curves.forEach((curve, i) => {
    requireCurve("curvesFigure", `curves[${i}]`, curve, radii);
  });
  if (discMasses !== undefined) {
    requireNumbers("curvesFigure", "discMasses", discMasses, { name: "curves", length: curves.length });
    requireAboveZero("curvesFigure", "discMasses", discMasses);
  }
  const drawn = spread(curves.length, MOST_DRAWN);
  const masses = discMasses && scale(...extent([discMasses]), { kind: "log", ticks: 5 });
  const opacity = Math.max(0.3, Math.min(1, 12 / Math.sqrt(drawn.length + 143))); // one line opaque, 1000 at 0.35
  const marks = drawn.map((i): Mark => {
    const y = curves[i];
    const color = discMasses && masses ? massColor(masses.at(discMasses[i])) : okabeIto.blue;
    return { kind: "line", x: radii, y, color, width: 0.7, opacity };
  });
  const [slowest, fastest] = extent(curves);
  return drawFigure({
    title: curves.length === 1 ? "A rotation curve" : `Rotation curves of ${curves.length} galaxies`,
    description:
      `Circular velocity against radius at ${describeRadii(radii)}; ` +
      `velocities from ${significant(slowest)} to ${significant(fastest)} km/s` +
      (drawn.length < curves.length ? `; ${drawn.length} of the curves are drawn` : "") +
      (discMasses === undefined ? "." : "; the colour is the mass of the disc, dark for the lightest."),
    x: radiusAxis(options, false, 7),
    y: velocityAxis(curves, 7),
    rows: [[{ marks }]],
    ...(masses && {
      colorBar: { label: "Disc mass *M*_{d} [solar masses]", scale: masses, color: massColor },
    }),
    decimals: 1,
  });
}

/** Curves that {@link curvesFigure} draws at most. */
export const MOST_DRAWN = 3000;

/** Viridis without its brightest yellow, which a thin line on white does not show. */
function massColor(fraction: number): string {
  return viridis(0.9 * fraction);
}

/** What `lossFigure` draws. */
export interface LossOptions {
  /** Growing. */
  readonly epochs: ArrayLike<number>;
  /** Loss on the noisy training curves, one for each epoch, > 0. */
  readonly train: ArrayLike<number>;
  /** Loss on the validation curves, one for each epoch, > 0. */
  readonly valid: ArrayLike<number>;
  /** What the network is given of the validation curves: clean ones in the reference post. Default: not stated. */
  readonly validInput?: "clean" | "noisy";
}

/**
 * Training and validation loss against epoch, losses on a log axis. Long runs are thinned to what a screen can show
 * ({@link thinLine}), spikes included. Besides colour the lines differ in width and markers.
 *
 * @throws ArgumentError for empty lists, epochs that do not grow, losses ≤ 0, or NaN and ±∞ (a loss that diverged);
 *   ShapeError for lengths that differ
 * @example lossFigure({ epochs: [0, 100, 200], train: [1, 0.4, 0.2], valid: [0.9, 0.2, 0.1] }) // "<svg …"
 */
export function lossFigure(options: LossOptions): string {
  const validInputs = optional(oneOf(["clean", "noisy"]));
  checkSettings("lossFigure", options, { epochs: list, train: list, valid: list, validInput: validInputs });
  const { epochs, train, valid, validInput } = options;
  const width = 560;
  requireGrowing("lossFigure", "epochs", epochs);
  for (const [name, losses] of [
    ["train", train],
    ["valid", valid],
  ] as const) {
    requireNumbers("lossFigure", name, losses, { name: "epochs", length: epochs.length });
    requireAboveZero("lossFigure", name, losses);
  }
  const curve = (losses: ArrayLike<number>, style: LossStyle): Mark[] => {
    const shown = thinLine(epochs, losses, width);
    const marked = spread(epochs.length, 10);
    const at = (indices: readonly number[]): { x: number[]; y: number[] } => ({
      x: indices.map((i) => epochs[i]),
      y: indices.map((i) => losses[i]),
    });
    return [
      { kind: "line", ...style, ...at(shown) },
      { kind: "points", ...style, ...at(marked), size: 6.5, hollow: true },
    ];
  };
  const last = epochs.length - 1;
  return drawFigure({
    title: "Training and validation loss",
    description:
      `Mean squared error, on a logarithmic axis, against epoch ${epochs[0]} to ${epochs[last]}. ` +
      `Training falls from ${significant(train[0])} to ${significant(train[last])}, ` +
      `validation from ${significant(valid[0])} to ${significant(valid[last])}.`,
    x: { label: "Epoch", scale: scale(epochs[0], epochs[last], { ticks: 8, nice: false }) },
    y: { label: "Mean squared error", scale: scale(...extent([train, valid]), { kind: "log", ticks: 8 }) },
    rows: [
      [
        {
          marks: [
            ...curve(train, {
              label: "training (noisy input)",
              color: okabeIto.orange,
              marker: "square",
              width: 1,
            }),
            ...curve(valid, {
              label: validInput === undefined ? "validation" : `validation (${validInput} input)`,
              color: okabeIto.blue,
              marker: "circle",
              width: 1,
            }),
          ],
        },
      ],
    ],
    panelWidth: width,
  });
}

type LossStyle = Pick<LineMark, "color" | "width"> & Required<Pick<PointsMark, "label" | "marker">>;

/** Indices of `count` places evenly over a list: the middles of as many parts. */
function spread(length: number, count: number): number[] {
  const places = Math.min(length, count);
  return Array.from({ length: places }, (_, i) => Math.floor(((i + 0.5) * length) / places));
}

/** What `noiseFigure` draws. */
export interface NoiseOptions extends RadiusOptions {
  /** The curve without noise. */
  readonly clean: Curve;
  /** The same curve with noise of the amounts a: x_a = (1 − a) x + a ε. */
  readonly noisy: readonly { readonly amount: number; readonly curve: Curve }[];
}

/**
 * One curve under growing noise: a panel for each amount, with shared axes.
 *
 * @throws ArgumentError for empty lists, amounts outside [0, 1], radii that do not grow or cannot stand on a log axis, or NaN
 *   and ±∞; ShapeError for lengths that differ
 * @example noiseFigure({ radii: [1, 2], clean: [90, 120], noisy: [{ amount: 0.5, curve: [70, 160] }] }) // "<svg …"
 */
export function noiseFigure(options: NoiseOptions): string {
  const noisyCurves = someOf(fields({ amount: number, curve: list }));
  checkSettings("noiseFigure", options, { ...RADII, clean: list, noisy: noisyCurves });
  const { radii, clean, noisy } = options;
  requireRadii("noiseFigure", options);
  requireCurve("noiseFigure", "clean", clean, radii);
  noisy.forEach(({ amount, curve }, i) => {
    requireAmount("noiseFigure", `noisy[${i}].amount`, amount);
    requireCurve("noiseFigure", `noisy[${i}].curve`, curve, radii);
  });
  const panels = noisy.map(
    ({ amount, curve }): Panel => ({
      title: amountTitle(amount),
      marks: [noisyPoints(radii, curve, "noisy curve"), dataLine(radii, clean, "clean curve")],
    }),
  );
  return drawFigure({
    title: "A rotation curve under growing noise",
    description:
      `The same curve at ${describeRadii(radii)}, mixed with noise of the amounts ` +
      `${noisy.map(({ amount }) => round(amount)).join(", ")}: the more noise, the less of the curve is left.`,
    x: radiusAxis(options, true, 4),
    y: velocityAxis([clean, ...noisy.map(({ curve }) => curve)], 6),
    rows: chunks(panels, 5),
    panelWidth: 168,
    panelHeight: 200,
  });
}

/** One panel of `predictionsFigure`: a galaxy at an amount of noise. */
export interface PredictionCase {
  /** Amount of noise a, in [0, 1]. */
  readonly amount: number;
  /** The true curve. */
  readonly data: Curve;
  /** What the network is given. */
  readonly noisy: Curve;
  /** What it makes of it. */
  readonly prediction: Curve;
  /** Cases of the same galaxy stand in one row, which bears this name. Default: one row without a name. */
  readonly galaxy?: string;
}

/** What `predictionsFigure` draws. */
export interface PredictionsOptions extends RadiusOptions {
  /** A panel each. */
  readonly cases: readonly PredictionCase[];
}

/**
 * What the network makes of noisy curves: a column for each amount of noise, a row for each galaxy, with shared axes.
 *
 * @throws ArgumentError for no cases, amounts outside [0, 1], radii that do not grow or cannot stand on a log axis, a galaxy
 *   that lacks an amount or has it twice, or NaN and ±∞; ShapeError for lengths that differ
 * @example
 * const curves = { data: [90, 120], noisy: [70, 160], prediction: [95, 118] };
 * predictionsFigure({ radii: [1, 2], cases: [{ amount: 0.5, ...curves }] }) // "<svg …"
 */
export function predictionsFigure(options: PredictionsOptions): string {
  const shown = { amount: number, data: list, noisy: list, prediction: list, galaxy: optional(text) };
  checkSettings("predictionsFigure", options, { ...RADII, cases: someOf(fields(shown)) });
  const { radii, cases } = options;
  requireRadii("predictionsFigure", options);
  cases.forEach((one, i) => {
    requireAmount("predictionsFigure", `cases[${i}].amount`, one.amount);
    for (const name of ["data", "noisy", "prediction"] as const) {
      requireCurve("predictionsFigure", `cases[${i}].${name}`, one[name], radii);
    }
  });
  const amounts = [...new Set(cases.map(({ amount }) => amount))];
  const galaxies = [...new Set(cases.map(({ galaxy }) => galaxy ?? ""))];
  const rows = galaxies.map((name, row) =>
    amounts.map((amount): Panel => {
      const found = cases.filter((one) => (one.galaxy ?? "") === name && one.amount === amount);
      if (found.length !== 1) {
        throw new ArgumentError(
          "predictionsFigure",
          `galaxy "${name}" has ${found.length} cases with a = ${amount}, but each galaxy needs one of each amount`,
          "name the galaxies by `galaxy`, and pass the same amounts for each.",
        );
      }
      const { data, noisy, prediction } = found[0];
      return {
        ...(row === 0 && { title: amountTitle(amount) }),
        marks: [
          noisyPoints(radii, noisy, "noisy input"),
          predictionLine(radii, prediction, "prediction"),
          dataLine(radii, data, "true curve", "4 3"),
        ],
      };
    }),
  );
  return drawFigure({
    title: "Curves that the network recovers from noise",
    description:
      `True curve, noisy input and prediction at ${describeRadii(radii)} for the amounts of noise ` +
      `${amounts.map(round).join(", ")}` +
      (galaxies.length === 1 ? "." : `, for ${galaxies.length} galaxies.`),
    x: radiusAxis(options, true, 4),
    y: velocityAxis(
      cases.flatMap(({ data, noisy, prediction }) => [data, noisy, prediction]),
      6,
    ),
    rows,
    ...(galaxies.some((name) => name !== "") && { rowTitles: galaxies }),
    panelWidth: 168,
    panelHeight: rows.length === 1 ? 200 : 150,
  });
}

/** One panel of `samplingFigure`: a sample at a step. */
export interface Snapshot {
  /** Number of the sampling step, from 0. */
  readonly step: number;
  /** The curve before the step: noise at step 0. */
  readonly state: Curve;
  /** The clean curve that the network predicts from the state. */
  readonly prediction: Curve;
}

/** What `samplingFigure` draws. */
export interface SamplingOptions extends RadiusOptions {
  /** A row each. */
  readonly samples: readonly {
    /** The same steps in every sample. */
    readonly snapshots: readonly Snapshot[];
    /** The curve that sampling ends with. Default: the prediction of the last snapshot, as the sampler's last step returns it. */
    readonly final?: Curve;
  }[];
}

/**
 * From noise to curves: a row for each sample, a column for each step, with shared axes. The final curve stands in
 * every panel, to show how early it is decided.
 *
 * @throws ArgumentError for empty lists, samples with different steps, radii that do not grow or cannot stand on a log axis, or
 *   NaN and ±∞; ShapeError for lengths that differ
 * @example
 * const snapshots = [{ step: 0, state: [10, 300], prediction: [95, 118] }];
 * samplingFigure({ radii: [1, 2], samples: [{ snapshots }] }) // "<svg …"
 */
export function samplingFigure(options: SamplingOptions): string {
  const snapshots = someOf(fields({ step: number, state: list, prediction: list }));
  checkSettings("samplingFigure", options, {
    ...RADII,
    samples: someOf(fields({ snapshots, final: optional(list) })),
  });
  const { radii, samples } = options;
  requireRadii("samplingFigure", options);
  const curves: Curve[] = [];
  const rows = samples.map(({ snapshots, final }, s) => {
    const end = final ?? snapshots[snapshots.length - 1].prediction;
    requireCurve("samplingFigure", `samples[${s}].final`, end, radii);
    curves.push(end);
    return snapshots.map(({ step, state, prediction }, i): Panel => {
      requireCurve("samplingFigure", `samples[${s}].snapshots[${i}].state`, state, radii);
      requireCurve("samplingFigure", `samples[${s}].snapshots[${i}].prediction`, prediction, radii);
      curves.push(state, prediction);
      return {
        ...(s === 0 && { title: `step ${step}` }),
        marks: [
          noisyPoints(radii, state, "state"),
          predictionLine(radii, prediction, "prediction from the state"),
          dataLine(radii, end, "final curve", "4 3"),
        ],
      };
    });
  });
  const steps = samples.map(({ snapshots }) => snapshots.map(({ step }) => step).join(", "));
  const odd = steps.findIndex((list) => list !== steps[0]);
  if (odd > 0) {
    throw new ArgumentError(
      "samplingFigure",
      `sample ${odd} has the steps ${steps[odd]}, but sample 0 has ${steps[0]}`,
      "record the same steps of every sample.",
    );
  }
  return drawFigure({
    title: "Sampling: from noise to rotation curves",
    description:
      `${samples.length} samples, a row each, at the steps ${steps[0]}, a column each: the state as points, ` +
      "the curve predicted from it as a line, and the final curve dashed.",
    x: radiusAxis(options, true, 4),
    y: velocityAxis(curves, 5),
    rows,
    ...(samples.length > 1 && { rowTitles: samples.map((_, s) => `sample ${s + 1}`) }),
    panelWidth: 200,
    panelHeight: samples.length === 1 ? 200 : 130,
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// What the figures share: a curve looks the same in all of them, and differs from others in shape as well as in colour

function dataLine(x: Curve, y: Curve, label: string, dash?: string): LineMark {
  return {
    kind: "line",
    x,
    y,
    label,
    color: okabeIto.black,
    width: 1.2,
    ...(dash !== undefined && { dash }),
  };
}

function noisyPoints(x: Curve, y: Curve, label: string): PointsMark {
  return { kind: "points", x, y, label, color: okabeIto.skyBlue, size: 3.6 };
}

function predictionLine(x: Curve, y: Curve, label: string): LineMark {
  return { kind: "line", x, y, label, color: okabeIto.vermillion, width: 2 };
}

/** With points (`room`), the axis goes on a little past the ends, so that none sits on the frame. */
function radiusAxis({ radii, scale: kind = "log" }: RadiusOptions, room: boolean, ticks: number): Axis {
  const [first, last] = [radii[0], radii[radii.length - 1]];
  const label = "Radius *R* [kpc]";
  if (kind === "log") {
    const ratio = room ? 1.25 : 1;
    return { label, scale: scale(first / ratio, last * ratio, { kind, nice: false, ticks }) };
  }
  const margin = room ? 0.03 * (last - first) : 0;
  const start = first < 0.2 * last ? Math.min(0, first) : first; // the centre, if the radii come near it
  return { label, scale: scale(start - margin, last + margin, { kind, nice: false, ticks }) };
}

/** From zero, so that heights compare, or from below where noise makes velocities negative. */
function velocityAxis(curves: readonly Curve[], ticks: number): Axis {
  const [least, greatest] = extent(curves);
  const margin = 0.03 * (greatest - Math.min(0, least));
  return {
    label: "Circular velocity *v* [km s^{−1}]",
    scale: scale(least < 0 ? least - margin : 0, Math.max(0, greatest) + margin, { ticks }),
  };
}

/** Of {@link RadiusOptions}. */
const RADII = { radii: list, scale: optional(oneOf(SCALE_KINDS)) };

function requireRadii(where: string, { radii, scale: kind = "log" }: RadiusOptions): void {
  requireGrowing(where, "radii", radii);
  if (kind === "linear" || radii[0] > 0) return;
  throw new ArgumentError(where, `a log axis cannot show the radius ${radii[0]}`, 'use scale: "linear".');
}

function requireCurve(where: string, name: string, curve: Curve, radii: ArrayLike<number>): void {
  requireNumbers(where, name, curve, { name: "radii", length: radii.length });
}

function requireAmount(where: string, name: string, amount: number): void {
  if (amount >= 0 && amount <= 1) return;
  throw new ArgumentError(
    where,
    `${name} is ${amount}, but a must be in [0, 1]`,
    "pass the share of noise: 0 none, 1 all.",
  );
}

function requireAboveZero(where: string, name: string, values: ArrayLike<number>): void {
  const i = Array.prototype.findIndex.call(values, (value: number) => !(value > 0));
  if (i < 0) return;
  throw new ArgumentError(
    where,
    `${name}[${i}] is ${values[i]}, and a log scale shows values above 0 only`,
    "check it.",
  );
}

function amountTitle(amount: number): string {
  return `*a* = ${amount === 1 || amount === 0 ? amount.toFixed(1) : round(amount)}`;
}

function describeRadii(radii: ArrayLike<number>): string {
  return `${radii.length} radii from ${round(radii[0])} to ${round(radii[radii.length - 1])} kpc`;
}

/** For text: at most 3 decimals. */
function round(value: number): string {
  return String(Math.round(value * 1000) / 1000).replace("-", "−");
}

/** For text: 3 significant digits. */
function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}
