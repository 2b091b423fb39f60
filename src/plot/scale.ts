/**
 * Scales: from data to a fraction of an axis, with the ticks that a reader expects. Linear ticks stand at 1, 2 or 5 times a
 * power of ten; log ticks at powers of ten (or 1, 2, 5 times them when the axis is short), with minor ticks between.
 */

import { checkChoice, checkOptions, describeNumber } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { exp10, log10 } from "../kernels/math.ts";

/** How values map to places: evenly, or by their logarithm. */
export type ScaleKind = "linear" | "log";

/** All kinds. */
export const SCALE_KINDS: readonly ScaleKind[] = ["linear", "log"];

/** A labelled mark on an axis. */
export interface Tick {
  /** Where it stands. */
  readonly value: number;
  /** In the markup of labels: `0.5`, `−20`, `10^{−3}`. */
  readonly label: string;
}

/** An axis without its place on the page. */
export interface Scale {
  /** How values map to places. */
  readonly kind: ScaleKind;
  /** The ends: `at(from)` is 0, `at(to)` is 1. */
  readonly from: number;
  /** The other end. */
  readonly to: number;
  /** Labelled, in growing order, all within the ends. */
  readonly ticks: readonly Tick[];
  /** Without labels, between the ticks. */
  readonly minorTicks: readonly number[];
  /** Where a value stands: a fraction of the axis, growing with the value. */
  at(value: number): number;
}

/** Options of `scale`. */
export interface ScaleOptions {
  /** Default `"linear"`. */
  readonly kind?: ScaleKind;
  /** Labelled ticks wanted; there may be fewer, and at most one more. Default 6. */
  readonly ticks?: number;
  /** Move the ends outwards to round values. Default true. */
  readonly nice?: boolean;
}

/**
 * The scale of an axis that shows the values from `from` to `to`. Where the two are equal the axis is widened around them.
 *
 * @throws ArgumentError for ends that are not finite (or beyond ±1e300) or not in order, for an unknown kind, and for a log
 *   axis that does not start above 0
 * @example scale(0.1, 50, { kind: "log", nice: false }).ticks.map((t) => t.label) // ["0.1", "1", "10"] and those between
 */
export function scale(from: number, to: number, options: ScaleOptions = {}): Scale {
  checkOptions("scale", options, ["kind", "ticks", "nice"]);
  const { kind = "linear", ticks = 6, nice = true } = options;
  checkChoice("scale", "kind", kind, SCALE_KINDS);
  const areNumbers = typeof from === "number" && typeof to === "number";
  if (!(areNumbers && from <= to && Math.abs(from) <= 1e300 && Math.abs(to) <= 1e300)) {
    throw new ArgumentError(
      "scale",
      `got ends ${describeNumber(from)} and ${describeNumber(to)}, but finite from ≤ to must hold`,
      "check the data.",
    );
  }
  if (!(typeof ticks === "number" && ticks >= 2 && ticks <= 100)) {
    throw new ArgumentError(
      "scale",
      `got ticks = ${describeNumber(ticks)}, but it must be from 2 to 100`,
      "leave it out for 6.",
    );
  }
  if (kind === "linear") return linearScale(...widened(from, to), ticks, nice);
  if (!(from >= 1e-300)) {
    throw new ArgumentError(
      "scale",
      `a log axis cannot show ${from}`,
      'show values above 0 only, or use scale: "linear".',
    );
  }
  return logScale(
    ...(to / from < 1 + 1e-6 ? ([from / 2, to * 2] as const) : ([from, to] as const)),
    ticks,
    nice,
  );
}

function widened(from: number, to: number): [number, number] {
  const size = Math.max(Math.abs(from), Math.abs(to));
  if (size < 1e-290) return [-1, 1];
  return to - from > 1e-9 * size ? [from, to] : [from - 0.1 * size, to + 0.1 * size];
}

function linearScale(dataFrom: number, dataTo: number, wanted: number, nice: boolean): Scale {
  const { mantissa, exponent } = linearStep((dataTo - dataFrom) / wanted);
  const divisions = mantissa === 2 ? 4 : 5;
  const minorStep = scaled(mantissa / divisions, exponent);
  const from = nice ? Math.min(dataFrom, Math.floor(dataFrom / minorStep + 1e-9) * minorStep) : dataFrom;
  const to = nice ? Math.max(dataTo, Math.ceil(dataTo / minorStep - 1e-9) * minorStep) : dataTo;
  const slack = 1e-9 * (to - from);
  const ticks: Tick[] = [];
  const minorTicks: number[] = [];
  const last = Math.floor((to + slack) / minorStep);
  for (let k = Math.ceil((from - slack) / minorStep); k <= last; k++) {
    const value = Math.min(to, Math.max(from, scaled((k * mantissa) / divisions, exponent)));
    if (k % divisions !== 0) minorTicks.push(value);
    else
      ticks.push({ value, label: decimalLabel((k / divisions) * mantissa, exponent, Math.max(-from, to)) });
  }
  return { kind: "linear", from, to, ticks, minorTicks, at: (value) => (value - from) / (to - from) };
}

/** The smallest of 1, 2, 5 times a power of ten that is at least `rough`. */
function linearStep(rough: number): { mantissa: number; exponent: number } {
  const exponent = decadeBelow(rough);
  for (const mantissa of [1, 2, 5]) {
    if (scaled(mantissa, exponent) >= rough * (1 - 1e-9)) return { mantissa, exponent };
  }
  return { mantissa: 1, exponent: exponent + 1 };
}

function logScale(dataFrom: number, dataTo: number, wanted: number, nice: boolean): Scale {
  const from = nice ? Math.min(dataFrom, roundMantissa(dataFrom, Math.floor)) : dataFrom;
  const to = nice ? Math.max(dataTo, roundMantissa(dataTo, Math.ceil)) : dataTo;
  const start = log10(from);
  const span = log10(to) - start;
  const at = (value: number): number => (log10(value) - start) / span;

  // From the densest choice to the sparsest: the first that is not too dense wins.
  const stride = Math.max(1, Math.ceil(span / (wanted - 1)));
  const choices = [
    { digits: [1, 2, 5], stride: 1 },
    { digits: [1], stride },
  ].map(({ digits, stride }) => logTicks(from, to, digits, stride));
  const major = choices.find((choice) => choice.length <= wanted) ?? choices[1];
  if (major.length < 2) {
    // Less than a decade between two ticks: powers of ten say nothing, round numbers do.
    const { ticks, minorTicks } = linearScale(from, to, wanted, false);
    return { kind: "log", from, to, ticks, minorTicks, at };
  }
  const plain = major.every(({ exponent }) => exponent >= -3 && exponent <= 4);
  const ticks = major.map(({ value, digit, exponent }) => ({
    value,
    label: plain ? decimalLabel(digit, exponent, 0) : powerLabel(digit, exponent),
  }));
  const minor = stride > 1 ? logTicks(from, to, [1], 1) : logTicks(from, to, [1, 2, 3, 4, 5, 6, 7, 8, 9], 1);
  const labelled = new Set(ticks.map((tick) => tick.value));
  const minorTicks = minor.map((tick) => tick.value).filter((value) => !labelled.has(value));
  return { kind: "log", from, to, ticks, minorTicks, at };
}

interface LogTick {
  readonly value: number;
  readonly digit: number;
  readonly exponent: number;
}

/** digit · 10^exponent within the ends, for the exponents that `stride` divides. */
function logTicks(from: number, to: number, digits: readonly number[], stride: number): LogTick[] {
  const ticks: LogTick[] = [];
  const last = decadeBelow(to);
  for (let exponent = Math.ceil(decadeBelow(from) / stride) * stride; exponent <= last; exponent += stride) {
    for (const digit of digits) {
      const value = scaled(digit, exponent);
      if (value >= from && value <= to) ticks.push({ value, digit, exponent });
    }
  }
  return ticks;
}

/** value = d · 10ᵉ with d rounded to a whole number, up or down. */
function roundMantissa(value: number, round: (x: number) => number): number {
  const exponent = decadeBelow(value);
  return scaled(round(value / exp10(exponent)), exponent);
}

/** The greatest e with 10ᵉ ≤ value, by comparison: log10 alone may round across the border. */
function decadeBelow(value: number): number {
  let exponent = Math.floor(log10(value));
  while (exp10(exponent) > value) exponent--;
  while (exp10(exponent + 1) <= value) exponent++;
  return exponent;
}

/** m · 10ᵉ. Dividing by 10⁻ᵉ, which is exact, keeps 3 · 10⁻¹ at 0.3. */
function scaled(mantissa: number, exponent: number): number {
  return exponent < 0 && exponent >= -22 ? mantissa / exp10(-exponent) : mantissa * exp10(exponent);
}

/** m · 10ᵉ with as many decimals as the exponent asks for, or as a power where that is too long; `size` is the axis's largest. */
function decimalLabel(mantissa: number, exponent: number, size: number): string {
  if (mantissa === 0) return "0";
  if (exponent < -5 || size >= 1e6) {
    const shift = decadeBelow(Math.abs(mantissa));
    return powerLabel(Number((mantissa / exp10(shift)).toPrecision(12)), exponent + shift);
  }
  return scaled(mantissa, exponent).toFixed(Math.max(0, -exponent)).replace("-", "−");
}

function powerLabel(digit: number, exponent: number): string {
  const power = `10^{${String(exponent).replace("-", "−")}}`;
  return digit === 1 ? power : `${String(digit).replace("-", "−")}×${power}`;
}
