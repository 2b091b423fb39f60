/** Terms as text and as MathML, in the order and with the signs that a textbook has. */

import { escapeXml } from "./escape-xml.ts";
import type { FunctionName, Term } from "./terms.ts";
import { negated, ONE, split, ZERO } from "./terms.ts";

/** How the pieces of a formula are written. */
export interface Style {
  readonly name: (text: string) => string;
  readonly number: (text: string) => string;
  readonly operator: (sign: string) => string;
  /** A word between conditions. */
  readonly word: (text: string) => string;
  readonly row: (pieces: readonly string[]) => string;
  readonly parentheses: (inner: string) => string;
  readonly fraction: (above: string, below: string) => string;
  readonly power: (base: string, exponent: string) => string;
  readonly root: (inner: string) => string;
  readonly apply: (name: string, inner: string) => string;
  readonly bars: (inner: string) => string;
  readonly cases: (rows: readonly (readonly [value: string, condition: string | null])[]) => string;
  /** Whether a line holds together what stands above or below it, which then needs no parentheses. */
  readonly hasLines: boolean;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Whether a text is one name or one whole number. */
function isOne(text: string): boolean {
  return /^(\p{L}[\p{L}\p{Nd}]*|\d+)$/u.test(text);
}

/** The two ways to write. */
export const styles: { readonly text: Style; readonly mathML: Style } = {
  text: {
    name: (text) => text,
    number: (text) => text,
    operator: (sign) => ({ "·": " ", ",": ", ", neg: "−" })[sign] ?? ` ${sign} `,
    word: (text) => ` ${text} `,
    row: (pieces) => pieces.join(""),
    parentheses: (inner) => `(${inner})`,
    fraction: (above, below) => `${above}/${below}`,
    power: (base, exponent) =>
      /^\d+$/.test(exponent)
        ? base + [...exponent].map((digit) => SUPERSCRIPTS[Number(digit)]).join("")
        : `${base}^${isOne(exponent) ? exponent : `(${exponent})`}`,
    root: (inner) => `√${isOne(inner) ? inner : `(${inner})`}`,
    apply: (name, inner) => `${name}(${inner})`,
    bars: (inner) => `|${inner}|`,
    cases: (rows) =>
      rows
        .map(([value, condition]) => (condition === null ? `else ${value}` : `${value} if ${condition}`))
        .join(", "),
    hasLines: false,
  },
  mathML: {
    name: (text) => (/^[−\d]/.test(text) ? `<mn>${escapeXml(text)}</mn>` : `<mi>${escapeXml(text)}</mi>`),
    number: (text) => (text === "π" ? "<mi>π</mi>" : `<mn>${text}</mn>`),
    operator: (sign) =>
      sign === "·"
        ? "<mspace width='0.17em'/>"
        : sign === "neg"
          ? '<mo form="prefix">−</mo>'
          : `<mo>${escapeXml(sign)}</mo>`,
    word: (text) => `<mtext>&#160;${text}&#160;</mtext>`,
    row: (pieces) => (pieces.length === 1 ? pieces[0] : `<mrow>${pieces.join("")}</mrow>`),
    parentheses: (inner) => `<mrow><mo>(</mo>${inner}<mo>)</mo></mrow>`,
    fraction: (above, below) => `<mfrac><mrow>${above}</mrow><mrow>${below}</mrow></mfrac>`,
    power: (base, exponent) => `<msup><mrow>${base}</mrow><mrow>${exponent}</mrow></msup>`,
    root: (inner) => `<msqrt>${inner}</msqrt>`,
    apply: (name, inner) => `<mrow>${name}<mo>(</mo>${inner}<mo>)</mo></mrow>`,
    bars: (inner) => `<mrow><mo>|</mo>${inner}<mo>|</mo></mrow>`,
    cases: (rows) =>
      `<mrow><mo>{</mo><mtable columnalign="left">${rows
        .map(
          ([value, condition]) =>
            `<mtr><mtd>${value}</mtd><mtd>${condition === null ? "<mtext>otherwise</mtext>" : `<mtext>if&#160;</mtext>${condition}`}</mtd></mtr>`,
        )
        .join("")}</mtable></mrow>`,
    hasLines: true,
  },
};

const NAMES: Partial<Record<FunctionName, string>> = {
  log: "ln",
  maximum: "max",
  minimum: "min",
  sigmoid: "σ",
  normalCdf: "Φ",
  normalDensity: "φ",
};

/** How tightly a term binds: a choice and a condition 0, a sum 1, a product or a power 2, all else 3. */
function binding(term: Term, nameOf: (index: number) => string): number {
  switch (term.kind) {
    case "choice":
    case "condition":
      return 0;
    case "sum":
      return 1;
    case "product":
      return term.coefficient < 0 ? 1 : 2;
    case "number":
      return term.value < 0 ? 1 : isPlain(term.value) ? 3 : 2;
    case "variable":
      return nameOf(term.index).startsWith("−") ? 1 : 3;
    case "function":
      return term.name === "pow" || term.name === "exp" ? 2 : 3;
  }
}

/** The term in a style; `nameOf` gives what stands for an operand. */
export function print(term: Term, style: Style, nameOf: (index: number) => string): string {
  const inner = (part: Term, needed: number): string => {
    const text = print(part, style, nameOf);
    return binding(part, nameOf) < needed ? style.parentheses(text) : text;
  };
  const raised = (part: Term, exponent: number): string => {
    if (exponent === 1) return inner(part, 2);
    if (exponent === 0.5) return style.root(print(part, style, nameOf));
    const written = rational(exponent, style);
    if (part.kind === "function" && ["sin", "cos", "tanh"].includes(part.name))
      return style.apply(style.power(style.name(part.name), written), print(part.parts[0], style, nameOf));
    return style.power(inner(part, 3), written);
  };
  switch (term.kind) {
    case "number":
      return rational(term.value, style);
    case "variable":
      return style.name(nameOf(term.index));
    case "sum": {
      const isNegative = (part: Term): boolean => split(part)[0] < 0;
      // What is positive first: 1 − x, and not −x + 1.
      const lead = Math.max(
        0,
        isNegative(term.parts[0]) ? term.parts.findIndex((part) => !isNegative(part)) : 0,
      );
      const ordered = [term.parts[lead], ...term.parts.filter((_, i) => i !== lead)];
      return style.row(
        ordered.flatMap((part, i) => {
          if (i === 0) return [inner(part, 1)];
          if (!isNegative(part)) return [style.operator("+"), inner(part, 2)];
          return [style.operator("−"), inner(negated(part), 2)];
        }),
      );
    }
    case "product": {
      const [above, below] = ratioOf(Math.abs(term.coefficient));
      const order = term.parts.map((_, i) => i).sort((i, k) => rank(term.parts[i]) - rank(term.parts[k]));
      const over = order.filter((i) => term.powers[i] > 0);
      const under = order.filter((i) => term.powers[i] < 0);
      const isFraction = under.length > 0 || below !== "1";
      const joined = (number: string, places: readonly number[], isUnder: boolean): string => {
        const count = number === "1" ? places.length : places.length + 1;
        const isHeld = isFraction && count === 1 && style.hasLines;
        const factors = places.map((i) => {
          const exponent = Math.abs(term.powers[i]);
          return isHeld && exponent === 1
            ? print(term.parts[i], style, nameOf)
            : raised(term.parts[i], exponent);
        });
        if (number !== "1" || count === 0) factors.unshift(constant(number, style));
        const row = style.row(
          factors.flatMap((factor, i) => (i === 0 ? [factor] : [style.operator("·"), factor])),
        );
        return isUnder && count > 1 && !style.hasLines ? style.parentheses(row) : row;
      };
      const numerator = joined(above, over, false);
      const whole = isFraction ? style.fraction(numerator, joined(below, under, true)) : numerator;
      return term.coefficient < 0 ? style.row([style.operator("neg"), whole]) : whole;
    }
    case "function": {
      const [a, b] = term.parts;
      if (term.name === "exp") return style.power(style.name("e"), print(a, style, nameOf));
      if (term.name === "pow") return style.power(inner(a, 3), print(b, style, nameOf));
      if (term.name === "abs") return style.bars(print(a, style, nameOf));
      const list = style.row(
        term.parts.flatMap((part, i) => [
          ...(i > 0 ? [style.operator(",")] : []),
          print(part, style, nameOf),
        ]),
      );
      return style.apply(style.name(NAMES[term.name] ?? term.name), list);
    }
    case "condition":
      return style.cases([
        [style.number("1"), printCondition(term, style, nameOf)],
        [style.number("0"), null],
      ]);
    case "choice": {
      const rows: [string, string | null][] = [];
      let rest: Term = term;
      while (rest.kind === "choice" || (rest.kind === "condition" && rows.length > 0)) {
        const [condition, value, other]: readonly Term[] =
          rest.kind === "choice" ? rest.parts : [rest, ONE, ZERO];
        rows.push([print(value, style, nameOf), printCondition(condition, style, nameOf)]);
        rest = other;
      }
      rows.push([print(rest, style, nameOf), null]);
      return style.cases(rows);
    }
  }
}

function printCondition(term: Term, style: Style, nameOf: (index: number) => string): string {
  if (term.kind !== "condition") return print(term, style, nameOf);
  const [a, b] = term.parts;
  if (term.sign === "and" || term.sign === "or") {
    return style.row([
      printCondition(a, style, nameOf),
      style.word(term.sign),
      printCondition(b, style, nameOf),
    ]);
  }
  // A number stands on the right.
  const isTurned = a.kind === "number" && b.kind !== "number";
  const sign = isTurned ? ({ "<": ">", "≤": "≥" }[term.sign as string] ?? term.sign) : term.sign;
  const sides = isTurned ? [b, a] : [a, b];
  return style.row([print(sides[0], style, nameOf), style.operator(sign), print(sides[1], style, nameOf)]);
}

/** Where a factor stands in a product: names before functions, sums last. */
function rank(term: Term): number {
  if (term.kind === "variable") return 0;
  if (term.kind === "function") return 1;
  return term.kind === "condition" || term.kind === "choice" ? 3 : 2;
}

/** Constants that have a name: numerator and denominator. */
const KNOWN: readonly (readonly [number, string, string])[] = [
  [Math.PI, "π", "1"],
  [1.1283791670955126, "2", "√π"],
  [0.5641895835477563, "1", "√π"],
  [0.3989422804014327, "1", "√(2π)"],
  [Math.SQRT1_2, "1", "√2"],
  [Math.SQRT2, "√2", "1"],
];

/** A positive number as a fraction of whole numbers or of known constants, where it is one, else as a decimal over 1. */
function ratioOf(value: number): [above: string, below: string] {
  for (const [known, above, below] of KNOWN)
    if (Math.abs(value - known) <= 1e-12 * known) return [above, below];
  for (let below = 1; below <= 12; below++) {
    const above = Math.round(value * below);
    if (above > 0 && above < (below === 1 ? 1e15 : 1e6) && Math.abs(value * below - above) <= 1e-12 * above)
      return [`${above}`, `${below}`];
  }
  return [decimal(value), "1"];
}

function isPlain(value: number): boolean {
  return ratioOf(Math.abs(value))[1] === "1";
}

function rational(value: number, style: Style): string {
  if (value === 0) return style.number("0");
  if (!Number.isFinite(value))
    return style.number(`${value < 0 ? "−" : ""}${Number.isNaN(value) ? "NaN" : "∞"}`);
  const [above, below] = ratioOf(Math.abs(value));
  const positive =
    below === "1" ? constant(above, style) : style.fraction(constant(above, style), constant(below, style));
  return value < 0 ? style.row([style.operator("neg"), positive]) : positive;
}

/** A number, "π" or "√(2π)", with a root where the style has one. */
function constant(text: string, style: Style): string {
  if (!text.startsWith("√")) return style.number(text);
  const inner = text.slice(1).replace(/[()]/g, "");
  return style.root(inner === "2π" ? style.row([style.number("2"), style.number("π")]) : style.number(inner));
}

function decimal(value: number): string {
  return `${Number(value.toPrecision(6))}`;
}
