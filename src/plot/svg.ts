/**
 * SVG as text: elements, escaped strings, rounded numbers, and labels with italics and raised exponents. Everything that
 * reaches a figure passes through here, so no figure can hold a NaN, an unescaped string or a machine's last bits.
 */
import { ArgumentError } from "../basics/errors.ts";

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `<name attributes>children</name>`. Numbers are rounded to 2 decimals, strings escaped, undefined attributes left out. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  let opening = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined)
      opening += ` ${key}="${typeof value === "number" ? coordinate(value) : escapeText(value)}"`;
  }
  return children.length === 0 ? `${opening}/>` : `${opening}>${children.join("")}</${name}>`;
}

/** A whole figure on white: its accessible name, and what it shows for those who do not see it; both plain text. */
export function svgDocument(
  {
    width,
    height,
    title,
    description,
  }: Readonly<Record<"title" | "description", string>> & Readonly<Record<"width" | "height", number>>,
  parts: readonly string[],
): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "font-family": FONTS,
      "font-size": FONT_SIZE,
      fill: INK,
    },
    element("title", {}, escapeText(title)),
    element("desc", {}, escapeText(description)),
    element("rect", { width, height, fill: "#ffffff" }),
    ...parts,
  );
}

/** The colour of text and axes. */
export const INK = "#222222";

/** The fonts that systems show their own text in, then the common metric-compatible ones. */
const FONTS =
  "Helvetica Neue, Helvetica, Arial, Liberation Sans, Nimbus Sans, system-ui, DejaVu Sans, sans-serif";

/** A number as short as its rounding to `decimals` (1 or 2) allows. Figures stay small and equal on every runtime. */
export function coordinate(value: number, decimals: 1 | 2 = 2): string {
  if (!Number.isFinite(value))
    throw new ArgumentError("svg", `a coordinate is ${value}, but it must be finite`);
  const unit = decimals === 1 ? 10 : 100;
  return String(Math.round(value * unit) / unit);
}

/**
 * The text with &, <, >, " and ' replaced, and what XML 1.0 forbids (control characters, lone surrogates) turned into �.
 * Good in elements and in attributes, of SVG and of HTML.
 */
export function escapeText(text: string): string {
  return text.replace(FORBIDDEN, "\uFFFD").replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** How a label is set. */
export interface TextStyle {
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  /** Degrees clockwise around the label's own position. */
  readonly rotate?: number;
  readonly weight?: "bold";
}

/**
 * A label whose baseline starts, is centred or ends at (x, y).
 * Markup: `*R*` italic, `^{−1}` raised, `_{d}` lowered, `\*` a star. Set with tspans, since many fonts lack ⁻ or 𝑅.
 */
export function label(x: number, y: number, markup: string, style: TextStyle = {}): string {
  const { size = FONT_SIZE, anchor = "start", rotate, weight } = style;
  let shift = 0; // what earlier tspans have moved the baseline by; SVG's dy adds up
  const spans = parseMarkup(markup).map((run) => {
    const target = run.level * 0.36 * size;
    const dy = Math.round((target - shift) * 100) / 100;
    shift += dy;
    const attributes: Attributes = {
      dy: dy === 0 ? undefined : dy,
      "font-size": run.level === 0 ? undefined : 0.74 * size,
      "font-style": run.italic ? "italic" : undefined,
    };
    const plain = dy === 0 && run.level === 0 && !run.italic;
    return plain ? escapeText(run.text) : element("tspan", attributes, escapeText(run.text));
  });
  const turn =
    rotate === undefined ? undefined : `rotate(${coordinate(rotate)} ${coordinate(x)} ${coordinate(y)})`;
  return element(
    "text",
    {
      x,
      y,
      "font-size": size === FONT_SIZE ? undefined : size,
      "font-weight": weight,
      "text-anchor": anchor === "start" ? undefined : anchor,
      transform: turn,
    },
    ...spans,
  );
}

/** Size of a label that states none: that of the figure. */
export const FONT_SIZE = 12;

/** Width of a label in pixels, estimated: fonts differ by a tenth, and there is no DOM to measure with. */
export function labelWidth(markup: string, size: number = FONT_SIZE): number {
  let width = 0;
  for (const run of parseMarkup(markup)) {
    const runSize = run.level === 0 ? size : 0.74 * size;
    // Helvetica's mean widths of narrow, wide and other characters
    for (const character of run.text) {
      width += runSize * (NARROW.test(character) ? 0.3 : WIDE.test(character) ? 0.84 : 0.57);
    }
  }
  return width;
}

const NARROW = /[fijlrtI.,:;'|!()[\] ]/;
const WIDE = /[mwMW@%]/;

interface Run {
  readonly text: string;
  readonly italic: boolean;
  /** −1 raised, 0 on the line, 1 lowered. */
  readonly level: -1 | 0 | 1;
}

function parseMarkup(markup: string): Run[] {
  return [...markup.matchAll(/\\([*^_\\])|\*([^*]+)\*|\^\{([^{}]*)\}|_\{([^{}]*)\}|[^*^_\\]+|[*^_\\]/g)].map(
    ([all, literal, italic, raised, lowered]): Run => ({
      text: literal ?? italic ?? raised ?? lowered ?? all,
      italic: italic !== undefined,
      level: raised !== undefined ? -1 : lowered !== undefined ? 1 : 0,
    }),
  );
}

/** Markup that shows a text as it is, whatever signs of markup it holds: names of galaxies and files come from users. */
export function asMarkup(text: string): string {
  return text.replace(/[*^_\\]/g, "\\$&");
}

/** A `d` attribute through the points, in order. */
export function pathData(x: ArrayLike<number>, y: ArrayLike<number>, decimals: 1 | 2 = 2): string {
  const parts: string[] = [];
  for (let i = 0; i < x.length; i++)
    parts.push(`${coordinate(x[i], decimals)} ${coordinate(y[i], decimals)}`);
  return `M${parts.join(" ")}`; // pairs after the first are line-tos
}

/**
 * Whether a text is a figure of this library, and can be part of a page: one SVG document of the elements and attributes that figures
 * are made of, none of which can run, load or link anything. It is parsed, not searched for what is dangerous: what is not known is refused.
 */
export function isFigure(text: unknown): text is string {
  if (typeof text !== "string" || !text.startsWith("<svg ")) return false;
  const open: string[] = [];
  const part = /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<>]*")*)(\/?)>|[^<>]+/y;
  while (part.lastIndex < text.length) {
    const isStart = part.lastIndex === 0;
    const found = part.exec(text);
    if (found === null) return false;
    const [, closing, name, attributes, empty] = found;
    if (!isStart && open.length === 0) return false; // something follows the document
    if (name === undefined) continue;
    if (!ELEMENTS.has(name) || (name === "svg") !== (isStart || (closing === "/" && open.length === 1)))
      return false;
    if (isStart && !(attributes.includes(' role="img"') && text.startsWith("<title>", part.lastIndex)))
      return false;
    if (closing === "/") {
      if (attributes !== "" || empty !== "" || open.pop() !== name) return false;
      continue;
    }
    for (const [, key, value] of attributes.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)) {
      if (!ATTRIBUTES.has(key)) return false;
      // Only fonts and the namespace need more than colours, numbers and paths have.
      const isPlain = key === "xmlns" ? value === "http://www.w3.org/2000/svg" : !/url|[&:\\]/i.test(value);
      if (!isPlain) return false;
    }
    if (empty === "") open.push(name);
  }
  return open.length === 0;
}

const ELEMENTS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...["svg", "title", "desc", "g", "rect", "path", "circle", "text", "tspan"],
]);
const ATTRIBUTES: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...[
    "xmlns",
    "role",
    "viewBox",
    "width",
    "height",
    "x",
    "y",
    "dy",
    "cx",
    "cy",
    "r",
    "d",
    "transform",
    "fill",
  ],
  ...["fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin"],
  ...["font-family", "font-size", "font-style", "font-weight", "text-anchor"],
]);
