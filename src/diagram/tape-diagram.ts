/**
 * The tape as a picture: an SVG that needs nothing else, or text for Graphviz. Leaves, constants and operations
 * are boxes, and an arrow runs from every operand to its result.
 */

import { notRecorded } from "../autograd/errors.ts";
import { tape } from "../autograd/tape.ts";
import { checkKind, checkOptions, describeValue, isBuiltIn } from "../basics/check.ts";
import { ArgumentError, TapeError } from "../basics/errors.ts";
import { formatElements } from "../basics/format.ts";
import { showShape } from "../basics/shape.ts";
import { operand } from "../ops/operands.ts";
import type { Node } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { escapeXml } from "./escape-xml.ts";

/** What a drawing of the tape shows. */
export interface DiagramOptions {
  /** Where arrows lead: from operands above to results below, or from left to right. Default "down". */
  readonly direction?: "down" | "right";
  /** Write out tensors of up to 9 elements, and their gradients once there are any. Default false. */
  readonly showValues?: boolean;
  /**
   * Names of tensors: `{ x, w }`, `Object.fromEntries(model.namedParameters())`, or a Map from tensor to name.
   * What is not on the tape is ignored.
   */
  readonly names?: Readonly<Record<string, Tensor>> | ReadonlyMap<Tensor, string>;
}

/** Beyond this it is a texture, not a drawing. */
const MOST_BOXES = 1000;
/** Where long edges pass layers. This many take half a second; using 140 results in reverse order makes them. */
const MOST_BENDS = 20_000;
const MOST_ELEMENTS = 9;
const OPTIONS = ["direction", "names", "showValues"];

/**
 * The tape of `root` as a self-contained SVG. Leaves have thick frames, constants dashed ones, operations round
 * corners; what ran in a composite, such as softmax, is shaded and carries its name. Operands arrive in their
 * order from left to right (from top to bottom where the direction is "right"). The same program draws the
 * same bytes.
 *
 * ```ts
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * const svg = tapeToSvg(x.matmul(x.transpose()).silu().sum(), { names: { x } });
 * ```
 *
 * @throws TapeError when nothing is recorded for `root`, or its tape was freed by backward
 * @throws ArgumentError for a tape too large to be read (1000 boxes, or long edges that pass 20 000 layers together),
 *   an unknown direction, or names of what is no tensor
 */
export function tapeToSvg(root: Tensor, options: DiagramOptions = {}): string {
  const boxes = readTape("tapeToSvg", root, options);
  const { items, at, width, height } = layOut("tapeToSvg", boxes, options, sizeOfLines);
  const count = (...kinds: Box["kind"][]): number => boxes.filter(({ kind }) => kinds.includes(kind)).length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>Tape of ${escapeXml(boxes[boxes.length - 1].title)}</title>`,
    `<desc>Operations: ${count("operation", "composite")}, leaves: ${count("leaf")}, constants: ${count("constant")}. Arrows run from operands to results.</desc>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    '<g fill="none" stroke="#555">',
    ...items
      .flatMap((item) => drawEdges(item, at))
      .map(({ from, to, path }) => `<path d="${path}"><title>${from} to ${to}</title></path>`),
    "</g>",
    `<g font-family="Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" text-anchor="middle">`,
    ...items.map((item) => drawBox(item, at)),
    "</g>",
    "</svg>",
  ].join("\n");
}

/**
 * The tape of `root` in Graphviz' DOT language, with composites as clusters. Options, limit and errors are those
 * of `tapeToSvg`.
 *
 * ```ts
 * const x = tensor([1, 2, 3], { requiresGrad: true });
 * tapeToDot(x.softmax(), { names: { x } }); // for `dot -Tsvg`
 * ```
 */
export function tapeToDot(root: Tensor, options: DiagramOptions = {}): string {
  const boxes = readTape("tapeToDot", root, options);
  const lines = [
    `rankdir=${options.direction === "right" ? "LR" : "TB"};`,
    'node [shape=box, fontname="monospace"];',
  ];
  const open: string[] = [];
  let clusters = 0;
  const enter = (scope: readonly string[]): void => {
    let same = 0;
    while (same < open.length && open[same] === scope[same]) same++;
    while (open.length > same) {
      open.pop();
      lines.push("}");
    }
    for (const name of scope.slice(same)) {
      open.push(name);
      lines.push(`subgraph cluster_${clusters++} {`, `label=${quote([name])};`);
    }
  };
  // What belongs to no composite comes first, so that it does not cut a cluster in two.
  for (const box of [...boxes.filter(({ scope }) => !scope), ...boxes.filter(({ scope }) => scope)]) {
    enter(box.scope === "" ? [] : box.scope.split("/"));
    lines.push(`${box.id} [label=${quote(box.lines)}${STYLES[box.kind].dot}];`);
  }
  enter([]);
  for (const { id, inputs } of boxes) lines.push(...inputs.map((input) => `${input.id} -> ${id};`));
  return `digraph tape {\n${lines.join("\n")}\n}\n`;
}

/** A tape laid out, for a drawing of one's own. */
export interface TapeLayout {
  /** The extent of the whole, in the unit of the boxes' sizes. */
  readonly width: number;
  /** The same from top to bottom. */
  readonly height: number;
  /** Every value on the tape. */
  readonly boxes: readonly PlacedBox[];
  /** Every use of a value as an operand. */
  readonly edges: readonly Edge[];
}

/** A leaf, a constant or the result of an operation, and where it stands. */
export interface PlacedBox {
  /** n0, n1, … in the order of the tape; c0, c1, … for constants. */
  readonly id: string;
  /** The node; null for a constant. */
  readonly node: Node | null;
  /** What was computed or given. */
  readonly value: Tensor;
  /** "composite" is an operation that ran in one. */
  readonly kind: "operation" | "composite" | "leaf" | "constant";
  /** The name that it was given, or what it is. */
  readonly label: string;
  /** The middle, from the left. */
  readonly x: number;
  /** The middle, from the top. */
  readonly y: number;
  /** As it was asked for. */
  readonly width: number;
  /** As it was asked for. */
  readonly height: number;
}

/** An arrow from an operand to a result: the boxes' ids, and the path in SVG's syntax. */
export interface Edge {
  /** The operand's box. */
  readonly from: string;
  /** The box of the result. */
  readonly to: string;
  /** For the attribute d of a path. */
  readonly path: string;
}

/**
 * Where `tapeToSvg` would draw the tape of `root`, if each box had the size that is asked for: width and height from the label
 * and the value. For pages that draw the boxes themselves. Options, limit and errors are those of `tapeToSvg`.
 * @example
 * const x = tensor(3, { requiresGrad: true });
 * layOutTape(x.square(), () => [80, 40]).boxes.map(({ label }) => label); // ["leaf", "square"]
 */
export function layOutTape(
  root: Tensor,
  sizeOf: (label: string, value: Tensor) => readonly [width: number, height: number],
  options: DiagramOptions = {},
): TapeLayout {
  checkKind("layOutTape", "sizeOf", sizeOf, "function", "write (label, value) => [width, height].");
  const boxes = readTape("layOutTape", root, options);
  const sizeOfBox = ({ lines, value }: Box) => sizeOf(lines[0], value);
  const { items, at, width, height } = layOut("layOutTape", boxes, options, sizeOfBox);
  return {
    width,
    height,
    boxes: items.map(({ box, across, along, centre, start, end }) => {
      const { id, node, value, kind, lines } = box!;
      const [x, y] = at(centre, (start + end) / 2);
      const [width, height] = at(across, along);
      return { id, node, value, kind, label: lines[0], x, y, width, height };
    }),
    edges: items.flatMap((item) => drawEdges(item, at)),
  };
}

interface Box {
  /** n0, n1, … in the order of the tape; c0, c1, … for constants. */
  readonly id: string;
  /** "composite" is an operation that ran in one. */
  readonly kind: keyof typeof STYLES;
  readonly scope: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly inputs: readonly Box[];
  readonly node: Node | null;
  readonly value: Tensor;
}

/** Kinds differ in frame, not only in colour. */
const STYLES = {
  operation: { dot: ", style=rounded", svg: 'rx="7" fill="#fff" stroke="#0072b2"' },
  composite: { dot: ", style=rounded", svg: 'rx="7" fill="#dcebf5" stroke="#0072b2"' },
  leaf: { dot: ", penwidth=2.5", svg: 'fill="#fff4d6" stroke="#111" stroke-width="2.5"' },
  constant: { dot: ", style=dashed", svg: 'fill="#fff" stroke="#555" stroke-dasharray="4 3"' },
};

/** The boxes of a tape, each after its operands. */
function readTape(where: string, root: Tensor, options: DiagramOptions): Box[] {
  checkOptions(where, options, OPTIONS);
  const { direction = "down", names = {}, showValues } = options;
  if (direction !== "down" && direction !== "right") {
    throw new ArgumentError(
      where,
      `"${String(direction)}" is no direction to draw in.`,
      'use "down" or "right".',
    );
  }
  root = operand(where, root);
  const nameOf = readNames(where, names);
  if (root.node === null) throw notRecorded(where);
  const nodes = tape(root);
  const boxes: Box[] = [];
  const boxOf = new Map<object, Box>();
  const add = (
    id: string,
    label: string,
    scope: string,
    value: Tensor,
    node: Node | null,
    inputs: readonly Box[],
  ): Box => {
    const name = nameOf.get(value);
    const result = scope === "" ? "operation" : "composite";
    const kind = node === null ? "constant" : node.operation === null ? "leaf" : result;
    const isNumber = kind === "constant" && value.rank === 0 && name === undefined;
    const lines = [name === undefined ? label : kind === result ? `${name} = ${label}` : name];
    if (!isNumber) lines.push(showShape(value.shape));
    const title = lines.join(" ");
    if (showValues && value.size > 0 && value.size <= MOST_ELEMENTS) {
      if (!isNumber) lines.push(...rows("= ", value));
      if (value.grad !== null) lines.push(...rows("grad = ", value.grad));
    }
    const box: Box = { id, kind, scope, title, lines, inputs, node, value };
    boxOf.set(node ?? value, box);
    if (boxes.push(box) <= MOST_BOXES) return box;
    throw tooLarge(where, `${nodes.length} nodes; with constants that makes over ${MOST_BOXES} boxes, which`);
  };
  let constants = 0;
  nodes.forEach((node, i) => {
    const { operation, inputs, scope, output } = node;
    if (inputs === null) {
      throw new TapeError(
        where,
        `the tape was freed by a backward pass (at ${operation!.name}): what came before is not known any more.`,
        "draw before backward(), or keep the tape with backward(undefined, { retainGraph: true }).",
      );
    }
    const operands = inputs.map((input, index) => {
      const known = boxOf.get(node.source(index) ?? input);
      if (known !== undefined) return known;
      // A number comes from the composite that takes it; other constants come from outside.
      const [label, home] =
        input.rank === 0 ? [`${Number(input.item().toPrecision(6))}`, scope] : ["constant", ""];
      return add(`c${constants++}`, label, home, input, null, []);
    });
    if (operation === null) add(`n${i}`, "leaf", "", output, node, operands);
    else add(`n${i}`, operation.name, scope, output, node, operands);
  });
  return boxes;
}

function tooLarge(where: string, what: string): ArgumentError {
  return new ArgumentError(
    where,
    `the tape has ${what} cannot be read.`,
    "draw a smaller expression, such as one layer or one step, or read the tape as text with listTape().",
  );
}

function readNames(where: string, names: NonNullable<DiagramOptions["names"]>): Map<Tensor, string> {
  const pairs = isBuiltIn(names, "Map")
    ? [...names]
    : Object.entries(names).map(([name, value]) => [value, name] as const);
  if (Symbol.iterator in names && !isBuiltIn(names, "Map"))
    throw new ArgumentError(
      where,
      `names go by name; got ${describeValue(names)}.`,
      "write { names: { x, w } }, or give a Map from tensor to name.",
    );
  for (const [value, name] of pairs) {
    if (typeof name !== "string" || typeof value !== "object" || value === null || !("storage" in value)) {
      throw new ArgumentError(
        where,
        `names must name tensors; got ${describeValue(value)}, named by ${describeValue(name)}.`,
        "write { names: { x, w } }, or give a Map from tensor to name.",
      );
    }
  }
  return new Map(pairs.map(([value, name]) => [value, oneLine(name)]));
}

/** A name on one line and without the characters that XML forbids. */
function oneLine(name: string): string {
  return name.replace(/\s+/g, " ").replace(/[\p{Cc}\p{Surrogate}\ufffe\uffff]/gu, "\ufffd");
}

function rows(label: string, { shape, strides, offset, data }: Tensor): string[] {
  const lines = formatElements(shape, strides, offset, data)
    .split("\n")
    .map((line) => line.trim());
  return lines.filter((line) => line !== "").map((line, i) => (i === 0 ? label + line : line));
}

function quote(lines: readonly string[]): string {
  return `"${lines.map((line) => line.replace(/["\\]/g, "\\$&")).join("\\n")}"`;
}

/*
 * The layout is that of Sugiyama, Tagawa & Toda 1981 (IEEE Trans. Systems, Man, and Cybernetics 11, 109): layers;
 * bends where a long edge passes a layer, so that no edge crosses a box; then order and place by the mean of the
 * neighbours. "Along" is the direction of the arrows, "across" that of the layers.
 */

/** A box in its layer, or a bend: the place where a long edge passes a layer. */
interface Item {
  readonly box: Box | null;
  readonly layer: number;
  /** Size across and along. */
  readonly across: number;
  readonly along: number;
  /** Place across; where the neighbours would have it, and how much that counts. */
  centre: number;
  wish: number;
  weight: number;
  /** Where the layer starts and ends; the item is in the middle. */
  start: number;
  end: number;
  readonly before: Link[];
  readonly after: Link[];
  /** The item itself, then the bends that all uses of its value share, layer by layer. */
  readonly way: Item[];
}

/** Part of an edge, from one layer to the next; it arrives `port` off the centre of `to`. */
interface Link {
  readonly from: Item;
  readonly to: Item;
  readonly port: number;
}

/** Coordinates x and y of a place. */
type Point = (across: number, along: number) => number[];

const FONT_SIZE = 12;
const CHARACTER = 7.3; // a little more than the 0.602 em of Menlo and DejaVu Sans Mono
const LINE = 15;
const MARGIN = 12;
const SWEEPS = 32;

/** How large a box is to be drawn: width and height. */
type SizeOf = (box: Box) => readonly [number, number];

/** Gives every box a place. Returns the items of the boxes, what turns their places into coordinates, and the size. */
function layOut(
  where: string,
  boxes: readonly Box[],
  { direction }: DiagramOptions,
  sizeOf: SizeOf,
): { items: Item[]; at: Point; width: number; height: number } {
  const turned = direction === "right";
  const { items, layers } = makeLayers(where, boxes, (box) => {
    const [width, height] = sizeOf(box);
    return turned ? [height, width] : [width, height];
  });
  // From the root, to which all are linked, each layer in the order of what takes its values.
  for (const layer of layers.toReversed()) {
    for (const item of layer) makeWish(item, item.after, 1);
    layer.sort((a, b) => a.wish - b.wish);
    spread(layer);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const layer of layers) {
      for (const item of layer) makeWish(item, [...item.before, ...item.after], 0);
      spread(layer);
    }
  }

  let left = Infinity;
  let right = -Infinity;
  let start = MARGIN;
  let end = 0;
  for (const layer of layers) {
    end = start + layer.reduce((most, { along }) => Math.max(most, along), 0);
    let slant = 0;
    for (const item of layer) {
      item.start = start;
      item.end = end;
      left = Math.min(left, item.centre - item.across / 2);
      right = Math.max(right, item.centre + item.across / 2);
      for (const { to, port } of item.after)
        slant = Math.max(slant, Math.abs(to.centre + port - item.centre));
    }
    start = end + 24 + Math.min(40, slant / 8);
  }
  for (const layer of layers) for (const item of layer) item.centre += MARGIN - left;
  const at: Point = (across, along) => (turned ? [along, across] : [across, along]).map(round);
  const [width, height] = at(right - left + 2 * MARGIN, end + MARGIN);
  return { items, at, width, height };
}

/** The boxes in layers, with bends between; `extentOf` gives their sizes across and along. */
function makeLayers(
  where: string,
  boxes: readonly Box[],
  extentOf: SizeOf,
): { items: Item[]; layers: Item[][] } {
  // The longest path to the root, so that weights and numbers stand by the operation that takes them first.
  const height = new Map<Box, number>(boxes.map((box) => [box, 0]));
  let highest = 0;
  for (const box of boxes.toReversed()) {
    const above = height.get(box)! + 1;
    for (const input of box.inputs) {
      height.set(input, Math.max(height.get(input)!, above));
      highest = Math.max(highest, above);
    }
  }
  const itemOf = new Map(boxes.map((box) => [box, newItem(box, highest - height.get(box)!, extentOf(box))]));
  const items = [...itemOf.values()];
  let bends = 0;
  for (const to of items) {
    const { inputs } = to.box!;
    inputs.forEach((input, i) => {
      const { layer, way } = itemOf.get(input)!;
      while (layer + way.length < to.layer) {
        if (++bends > MOST_BENDS) {
          throw tooLarge(where, `edges that pass over ${MOST_BENDS} layers in all, which`);
        }
        const bend = newItem(null, layer + way.length, [0, 0]);
        link(way[way.length - 1], bend, 0);
        way.push(bend);
      }
      link(way[to.layer - layer - 1], to, ((i + 1) / (inputs.length + 1) - 0.5) * to.across);
    });
  }
  const layers: Item[][] = Array.from({ length: highest + 1 }, () => []);
  for (const { way } of items) for (const item of way) layers[item.layer].push(item);
  return { items, layers };
}

function sizeOfLines(box: Box): [width: number, height: number] {
  const lines = linesOf(box);
  const width = lines.reduce((most, line) => Math.max(most, columnsOf(line)), 0) * CHARACTER + 16;
  return [width, lines.length * LINE + 8];
}

function newItem(box: Box | null, layer: number, [across, along]: ReturnType<SizeOf>): Item {
  const item: Item = {
    box,
    layer,
    across,
    along,
    centre: 0,
    wish: 0,
    weight: 1,
    start: 0,
    end: 0,
    before: [],
    after: [],
    way: [],
  };
  item.way.push(item);
  return item;
}

function link(from: Item, to: Item, port: number): void {
  const part = { from, to, port };
  from.after.push(part);
  to.before.push(part);
}

/**
 * Where straight links would have an item, with their ports or as if all arrived in the middle. Long edges count
 * most, and chains of operations more than what stands by them, so that both are drawn straight.
 */
function makeWish(item: Item, links: readonly Link[], ports: 0 | 1): void {
  let sum = 0;
  let total = 0;
  for (const { from, to, port } of links) {
    const weight = from.box === null && to.box === null ? 400 : from.before.length > 0 ? 8 : 1;
    sum += weight * (to === item ? from.centre : to.centre + ports * port);
    total += weight;
  }
  item.wish = total === 0 ? item.centre : sum / total;
  item.weight = Math.max(1, total);
}

/**
 * Puts the items of a layer where they wish to be, in their order and without overlap, at the least weighted sum of
 * squared differences: isotonic regression, by pooling adjacent violators.
 */
function spread(layer: readonly Item[]): void {
  const pools: { mean: number; weight: number; count: number }[] = [];
  const offsets: number[] = [];
  layer.forEach((item, i) => {
    const previous = layer[i - 1];
    offsets.push(i === 0 ? 0 : offsets[i - 1] + (previous.across + item.across) / 2 + 14);
    let pool = { mean: item.wish - offsets[i], weight: item.weight, count: 1 };
    while (pools.length > 0 && pools[pools.length - 1].mean > pool.mean) {
      const { mean, weight, count } = pools.pop()!;
      const total = weight + pool.weight;
      pool = {
        mean: (mean * weight + pool.mean * pool.weight) / total,
        weight: total,
        count: count + pool.count,
      };
    }
    pools.push(pool);
  });
  let i = 0;
  for (const { mean, count } of pools) {
    for (const end = i + count; i < end; i++) layer[i].centre = mean + offsets[i];
  }
}

/** The edges to all uses of a value, nearest first; each starts where it parts from the one before. */
function drawEdges({ box, way }: Item, at: Point): Edge[] {
  let fork = 0;
  const edges: Edge[] = [];
  way.forEach((last, i) => {
    for (const { to, port } of last.after) {
      if (to.box === null) continue;
      const first = way[fork];
      let path = `M${at(first.centre, (first.start + first.end + first.along) / 2)}`;
      for (let j = fork; j <= i; j++) {
        const [from, next] = [way[j], j === i ? to : way[j + 1]];
        const across = next.centre + (j === i ? port : 0);
        const half = (from.end + next.start) / 2;
        const stop = (next.start + next.end - next.along) / 2;
        path += `L${at(from.centre, from.end)}C${at(from.centre, half)} ${at(across, half)} ${at(across, next.start)}L${at(across, stop)}`;
        if (j === i)
          path += `M${at(across - 3.5, stop - 6)}L${at(across, stop)}L${at(across + 3.5, stop - 6)}`;
      }
      edges.push({ from: box!.id, to: to.box.id, path });
      fork = i;
    }
  });
  return edges;
}

function drawBox({ box, across, along, centre, start, end }: Item, at: Point): string {
  const [x, y] = at(centre, (start + end) / 2);
  const [width, height] = at(across, along);
  const { id, kind, title } = box!;
  const lines = linesOf(box!).map((line, i) => {
    const style = i === 0 && kind === "composite" ? ' font-style="italic" fill="#0072b2"' : "";
    return `<text x="${x}" y="${round(y - height / 2 + (i + 1) * LINE)}"${style}>${escapeXml(line)}</text>`;
  });
  const frame = `x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${width}" height="${height}"`;
  return `<g><title>${id}: ${escapeXml(title)}</title><rect ${frame} ${STYLES[kind].svg}/>${lines.join("")}</g>`;
}

function linesOf({ kind, scope, lines }: Box): readonly string[] {
  return kind === "composite" ? [scope, ...lines] : lines;
}

/** The width of a text in a font of fixed width, where most characters from U+2E80 on take two columns. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += character >= "\u2e80" ? 2 : 1;
  return columns;
}

function round(coordinate: number): number {
  return Math.round(coordinate * 10) / 10;
}
