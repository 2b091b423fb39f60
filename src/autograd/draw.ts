/**
 * The tape as a picture: an SVG that needs nothing else, or text for Graphviz. Leaves, constants and operations
 * are boxes, and an arrow runs from every operand to its result.
 */

import type { Node } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { ArgumentError, TapeError } from "../tensor/errors.ts";
import { formatElements } from "../tensor/format.ts";
import { showShape } from "../tensor/shape.ts";
import { notRecorded, tape } from "./tape.ts";

/** What a drawing of the tape shows. */
export interface DrawOptions {
  /** Where arrows lead: from operands above to results below, or from left to right. Default "down". */
  readonly direction?: "down" | "right";
  /** Write out tensors of up to 9 elements, and their gradients once there are any. Default false. */
  readonly showValues?: boolean;
  /** Names of tensors: `{ x, w }`, `Object.fromEntries(model.namedParameters())`, or a Map from tensor to name. */
  readonly names?: Readonly<Record<string, Tensor>> | ReadonlyMap<Tensor, string>;
}

/** More boxes than this are a texture, not a drawing. It also bounds the bends of long edges (their square / 4). */
const MOST_BOXES = 1000;
const MOST_ELEMENTS = 9;

/**
 * The tape of `root` as a self-contained SVG picture. Leaves have thick square frames, constants dashed ones,
 * operations round corners; inside a composite, such as softmax, they are shaded and carry its name. Operands
 * arrive in their order, from left to right (from top to bottom where the direction is "right").
 *
 * The same program draws the same bytes.
 *
 * ```ts
 * const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 * const svg = tapeToSvg(x.matmul(x.transpose()).silu().sum(), { names: { x } });
 * ```
 *
 * The layout is that of Sugiyama, Tagawa & Toda 1981, IEEE Trans. SMC 11, 109: layers, bends where a long edge
 * passes a layer, order and position from the mean of the neighbours.
 *
 * @throws TapeError when nothing is recorded for `root`, or its tape was freed by backward
 * @throws ArgumentError for a tape of more than 1000 boxes, and for options that are none
 */
export function tapeToSvg(root: Tensor, options: DrawOptions = {}): string {
  const boxes = readTape("tapeToSvg", root, options);
  const isDown = options.direction !== "right";
  const layers = layOut(boxes, isDown);
  const place = (across: number, along: number): string =>
    isDown ? `${round(across)} ${round(along)}` : `${round(along)} ${round(across)}`;

  let left = Infinity;
  let right = -Infinity;
  for (const { items } of layers) {
    left = Math.min(left, items[0].centre - items[0].across / 2);
    right = Math.max(right, items[items.length - 1].centre + items[items.length - 1].across / 2);
  }
  const end = layers[layers.length - 1].end + MARGIN;
  const size = place(right - left + 2 * MARGIN, end).split(" ");
  const edges: string[] = [];
  const drawn: string[] = [];
  for (const { items } of layers) {
    for (const { box } of items) {
      if (box !== null) drawn.push(drawBox(box, place(box.item.centre - left + MARGIN, middle(box.item))));
    }
  }
  for (const box of boxes) edges.push(...drawEdges(box, left));

  function middle({ layer }: Item): number {
    return (layers[layer].start + layers[layer].end) / 2;
  }

  /** The edges to all uses of a value, nearest first; each leaves the way of the one before where they part. */
  function drawEdges(box: Box, left: number): string[] {
    let shared = 0;
    return box.item.uses.map(({ to, port }) => {
      const passed = box.item.way.slice(shared, to.layer - box.item.layer);
      shared = to.layer - box.item.layer - 1;
      const at = (item: Item, offset = 0): number => item.centre + offset - left + MARGIN;
      let path = `M${place(at(passed[0]), passed[0] === box.item ? middle(box.item) + box.item.along / 2 : layers[passed[0].layer].end)}`;
      [...passed, to].slice(1).forEach((item, i) => {
        const [x0, x1] = [at(passed[i]), at(item, item === to ? port : 0)];
        const [y0, y1] = [layers[passed[i].layer].end, layers[item.layer].start];
        const half = (y0 + y1) / 2;
        const stop = item === to ? middle(to) - to.along / 2 : layers[item.layer].end;
        path += `L${place(x0, y0)}C${place(x0, half)} ${place(x1, half)} ${place(x1, y1)}L${place(x1, stop)}`;
        if (item === to)
          path += `M${place(x1 - 3.5, stop - 6)}L${place(x1, stop)}L${place(x1 + 3.5, stop - 6)}`;
      });
      return `<path d="${path}"><title>${box.id} to ${to.box!.id}</title></path>`;
    });
  }
  const count = (kind: Box["kind"]): string => `${boxes.filter((box) => box.kind === kind).length} ${kind}s`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}" viewBox="0 0 ${size.join(" ")}" role="img">`,
    `<title>Tape of ${escapeXml(boxes[boxes.length - 1].title)}</title>`,
    `<desc>${count("operation")}, ${count("leaf").replace("leafs", "leaves")}, ${count("constant")}; arrows run from operands to results.</desc>`,
    `<rect width="${size[0]}" height="${size[1]}" fill="#fff"/>`,
    `<g fill="none" stroke="#555">`,
    ...edges,
    `</g>`,
    `<g fill="#111" stroke="#111" font-family="Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" text-anchor="middle">`,
    ...drawn,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}
