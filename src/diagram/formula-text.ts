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
  /** How tightly what stands in a fraction, an exponent or a root must bind: it needs no parentheses where lines hold it. */
  readonly inside: number;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

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
        : `${base}^${/^(\w+|\(.*\))$/.test(exponent) ? exponent : `(${exponent})`}`,
    root: (inner) => `√${/^[\p{L}\p{N}]+$/u.test(inner) ? inner : `(${inner})`}`,
    apply: (name, inner) => `${name}(${inner})`,
    bars: (inner) => `|${inner}|`,
    cases: (rows) =>
      rows
        .map(([value, condition]) => (condition === null ? `else ${value}` : `${value} if ${condition}`))
        .join(", "),
    inside: 3,
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
    inside: 0,
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

/** How tightly a term binds: a choice and a condition 0, a sum 1, a product 2, a power 3, all else 4. */
function binding(term: Term, nameOf: (index: number) => string): number {
  switch (term.kind) {
    case "choice":
    case "condition":
      return 0;
    case "sum":
      return 1;
    case "product": {
      const isPower = term.coefficient === 1 && term.parts.length === 1 && term.powers[0] > 0;
      return isPower ? 3 : term.coefficient < 0 ? 1 : 2;
    }
    case "number":
      return term.value < 0 ? 1 : isPlain(term.value) ? 4 : 2;
    case "variable":
      return nameOf(term.index).startsWith("−") ? 1 : 4;
    case "function":
      return term.name === "pow" || term.name === "exp" ? 3 : 4;
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
    return style.power(inner(part, 4), written);
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
      const [isDecimal, above, below] = ratioOf(Math.abs(term.coefficient));
      const over = isDecimal || above !== "1" ? [style.number(above)] : [];
      const under = below === "1" ? [] : [rootOf(below, style)];
      const order = term.parts.map((_, i) => i).sort((i, k) => rank(term.parts[i]) - rank(term.parts[k]));
      for (const i of order) {
        const exponent = term.powers[i];
        (exponent > 0 ? over : under).push(raised(term.parts[i], Math.abs(exponent)));
      }
      const joined = (pieces: readonly string[]): string =>
        style.row(pieces.flatMap((piece, i) => (i === 0 ? [piece] : [style.operator("·"), piece])));
      const numerator = over.length === 0 ? style.number("1") : joined(over);
      const whole =
        under.length === 0
          ? numerator
          : style.fraction(
              numerator,
              under.length > 1 && style.inside > 0 ? style.parentheses(joined(under)) : joined(under),
            );
      return term.coefficient < 0 ? style.row([style.operator("neg"), whole]) : whole;
    }
    case "function": {
      const [a, b] = term.parts;
      if (term.name === "exp") return style.power(style.name("e"), print(a, style, nameOf));
      if (term.name === "pow") return style.power(inner(a, 4), print(b, style, nameOf));
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
  [1.1283791670955126, "2", "√π"],
  [0.5641895835477563, "1", "√π"],
  [0.3989422804014327, "1", "√(2π)"],
  [Math.SQRT1_2, "1", "√2"],
  [Math.SQRT2, "√2", "1"],
];

/** A positive number as a fraction of whole numbers or of known constants, where it is one. */
function ratioOf(value: number): [isDecimal: boolean, above: string, below: string] {
  for (const [known, above, below] of KNOWN)
    if (Math.abs(value - known) <= 1e-12 * known) return [false, above, below];
  for (let below = 1; below <= 12; below++) {
    const above = Math.round(value * below);
    if (above > 0 && above < 1e6 && Math.abs(value * below - above) <= 1e-12 * above)
      return [false, `${above}`, `${below}`];
  }
  return [true, decimal(value), "1"];
}

function isPlain(value: number): boolean {
  return ratioOf(Math.abs(value))[2] === "1";
}

function rational(value: number, style: Style): string {
  if (value === 0) return style.number("0");
  if (!Number.isFinite(value))
    return style.number(`${value < 0 ? "−" : ""}${Number.isNaN(value) ? "NaN" : "∞"}`);
  const [, above, below] = ratioOf(Math.abs(value));
  const positive =
    below === "1" ? style.number(above) : style.fraction(style.number(above), rootOf(below, style));
  return value < 0 ? style.row([style.operator("neg"), positive]) : positive;
}

/** "√(2π)" with a root where the style has one. */
function rootOf(text: string, style: Style): string {
  if (!text.startsWith("√")) return style.number(text);
  const inner = text.slice(1).replace(/[()]/g, "");
  return style.root(inner === "2π" ? style.row([style.number("2"), style.number("π")]) : style.number(inner));
}

function decimal(value: number): string {
  return `${Number(value.toPrecision(6))}`;
}
