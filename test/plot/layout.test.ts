/** Where words stand in figures: within them, clear of each other and of the panels, beside what they name. */

import { describe, expect, test } from "vitest";
import { labelWidth } from "../../src/plot/svg.ts";
import { EXAMPLES } from "./examples.ts";
import { frames, parseSvg, type SvgElement } from "./parse-svg.ts";
import { sampleFigures } from "./sample-figures.ts";

const all = {
  ...sampleFigures(),
  ...Object.fromEntries(
    Object.entries(EXAMPLES).map(([name, [draw, ...values]]) => [
      `${name} (example)`,
      draw(...(values as never[])),
    ]),
  ),
};

interface Box {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What a text covers: fonts rise by three quarters of their size, and reach a fifth below the line. */
function boxOf({ text, attributes: a }: SvgElement): Box {
  const [x, y, size] = [Number(a.x), Number(a.y), Number(a["font-size"] ?? 12)];
  const width = labelWidth(text.replace(/[*^_\\]/g, ""), size);
  const start = a["text-anchor"] === "middle" ? -width / 2 : a["text-anchor"] === "end" ? -width : 0;
  const [up, down] = [0.75 * size, 0.2 * size];
  if (a.transform === undefined)
    return { text, left: x + start, right: x + start + width, top: y - up, bottom: y + down };
  const side = a.transform.startsWith("rotate(-90") ? [up, down] : [down, up];
  return { text, left: x - side[0], right: x + side[1], top: y + start, bottom: y + start + width };
}
const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

test("figures say what they show, and what their axes and marks are", () => {
  const said = Object.entries(EXAMPLES).map(([name, [draw, ...values]]) => {
    const words = parseSvg(draw(...(values as never[])))
      .filter(
        ({ name, attributes: a }) =>
          ["title", "desc"].includes(name) || (name === "text" && a["font-size"] === undefined),
      )
      .map(({ text }) => text);
    return `${name}: ${words.join(" | ")}`;
  });
  expect(`\n${said.join("\n")}\n`).toMatchInlineSnapshot(`
    "
    curves: Rotation curves of 2 galaxies | Circular velocity against radius at 50 radii from 0.1 to 50 kpc; velocities from 21.8 to 196 km/s; the colour is the mass of the disc, dark for the lightest. | Radius R [kpc] | Circular velocity v [km s−1] | Disc mass Md [solar masses]
    loss: Training and validation loss | Mean squared error, on a logarithmic axis, against epoch 0 to 1. Training falls from 1 to 0.5, validation from 1 to 0.6. | training (noisy input) | validation | Epoch | Mean squared error
    noise: A rotation curve under growing noise | The same curve at 50 radii from 0.1 to 50 kpc, mixed with noise of the amounts 0.5: the more noise, the less of the curve is left. | a = 0.5 | noisy curve | clean curve | Radius R [kpc] | Circular velocity v [km s−1]
    predictions: Curves that the network recovers from noise | True curve, noisy input and prediction at 50 radii from 0.1 to 50 kpc for the amounts of noise 0.5. | a = 0.5 | A | noisy input | prediction | true curve | Radius R [kpc] | Circular velocity v [km s−1]
    sampling: Sampling: from noise to rotation curves | 1 samples, a row each, at the steps 0, a column each: the state as points, the curve predicted from it as a line, and the final curve dashed. | step 0 | state | prediction from the state | final curve | Radius R [kpc] | Circular velocity v [km s−1]
    inference: Rotation curve inferred from observations of NGC 1 | 2 observed points with their errors, and the intervals that hold 50, 68 and 95 % of the posterior's curves. | NGC 1 | 95 % | 68 % | 50 % of curves | median | observed | Radius R [kpc] | Circular velocity v [km s−1]
    many galaxies: Rotation curves of 3 galaxies inferred from some of their points | Observed points, points held out, and the intervals that hold 50, 68 and 95 % of the posterior's curves; velocities in units of each galaxy's fastest point. | NGC 1: 140 km s−1 | NGC 2: 140 km s−1 | NGC 3: 140 km s−1 | 95 % | 68 % | 50 % of curves | median | observed | Radius R [kpc] | Circular velocity over the fastest observed
    wishes: Rotation curves sampled under a wish | 1 curves sampled under flat=10, over 1 from the same noise without. | without | with the wish | flat beyond 10 kpc | wished points | Radius R [kpc] | Circular velocity v [km s−1]
    decomposition: What holds NGC 1 together | 2 observed points, the rotation curve of all parts with intervals of 68 and 95 %, and the curves that halo, gas alone would hold, with a NFW halo. | NGC 1 | NFW halo | gas | all | observed | Radius R [kpc] | Circular velocity v [km s−1]
    corner: t | Marginal densities of 3 parameters, and the regions of each pair that hold 68 and 95 % of 200 draws. Medians: p1 [km s−1] -265, p2 [km s−1] 795, p3 [km s−1] -883. |  | p2 [km s−1] | p3 [km s−1] | p1 [km s−1] | p2 [km s−1] | p3 [km s−1]
    acceleration: Radial acceleration relation | 2 points of 1 galaxies: the acceleration observed against the one that gas and stars alone would give; the dashed line is where both are equal. | points | equal | of gas and stars gbar [m s−2] | observed gobs [m s−2]
    convergence: Error against network evaluations | Errors of Euler, Heun for 10 to 1000 evaluations of the network, on logarithmic axes. The least, 1e-5, is that of Euler. | a mixture | a curve | Euler | Heun | Network evaluations | Error
    scores: How the samples compare with the data | 1-NN: ours 0.70, theirs 0.50, a third one 0.20 (same distribution 0.50); roughness [km/s]: ours 0.70, theirs 0.50, a third one 0.20 (same distribution 0.50). Filled markers: told apart from the data. Shaded: worse. | ours | theirs | a third one | same distribution | told apart (p < 0.05) | not told apart | worse than the same distribution | 1-NN | roughness [km/s]
    one panel: t | d | a line of the number 1 | a line of the number 2 | a line of the number 3 | x [kpc] | y
    a narrow one, whose legend is wrapped: t | d | a | a line of the number 1 | a line of the number 2 | a line of the number 3 | x [kpc] | y
    a colour bar: t | d | a | b | a line of the number 1 | a line of the number 2 | a line of the number 3 | x [kpc] | y | a colour c
    titles of rows: t | d | a | first | b | second | a line of the number 1 | a line of the number 2 | a line of the number 3 | x [kpc] | y | a colour c
    axes of their own: t | d | a | above | below | a line of the number 1 | a line of the number 2 | a line of the number 3 | left | right
    "
  `);
});

describe.each(Object.entries(all))("the words of the figure of %s", (_, svg) => {
  const elements = parseSvg(svg);
  const words = elements.filter(({ name, text }) => name === "text" && text !== "").map(boxOf);
  const [width, height] = [Number(elements[0].attributes.width), Number(elements[0].attributes.height)];
  const strips = elements
    .filter(({ name, attributes }) => name === "rect" && attributes.fill === "none")
    .map(({ attributes: a }) => ({ x: +a.x, y: +a.y, width: +a.width, height: +a.height }));
  const panels = [...frames(elements), ...strips].map(
    ({ x, y, width, height }): Box => ({ text: "", left: x, right: x + width, top: y, bottom: y + height }),
  );

  test("stand within it, clear of each other and of its panels", () => {
    for (const [i, box] of words.entries()) {
      expect(box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height, box.text).toBe(
        true,
      );
      for (const other of [...panels, ...words.slice(0, i)])
        expect(overlaps(box, other), `${box.text} over ${other.text}`).toBe(false);
    }
  });

  test("leave no more than a line's height empty at any side", () => {
    const used = [...words, ...panels];
    const edge = (side: "left" | "right" | "top" | "bottom") => used.map((box) => box[side]);
    expect(Math.min(...edge("left"), ...edge("top"))).toBeLessThan(30);
    expect(width - Math.max(...edge("right"))).toBeLessThan(30);
    expect(height - Math.max(...edge("bottom"))).toBeLessThan(30);
  });

  test("are as far along an axis as the ticks that they tell, and its name is in its middle", () => {
    const ticks = elements
      .filter(({ name }) => name === "path")
      .flatMap(({ attributes: { d } }) => [...d.matchAll(/M([-\d.]+) ([-\d.]+)([vh])-?[\d.]+/g)])
      .map(([, x, y, direction]) => ({ x: Number(x), y: Number(y), direction }));
    for (const { name, text, attributes: a } of elements) {
      if (name !== "text" || !["10", "11"].includes(a["font-size"])) continue;
      const [x, y] = [Number(a.x), Number(a.y)];
      const near = ticks.some((tick) =>
        a["text-anchor"] === "middle"
          ? tick.direction === "v" && Math.abs(tick.x - x) < 0.011 && y - tick.y > 8 && y - tick.y < 20
          : tick.direction === "h" && Math.abs(tick.y + 4 - y) < 0.011 && Math.abs(tick.x - x) < 12,
      );
      expect(near, text).toBe(true);
    }
    // What is turned names an axis or a row, or a colour bar as high as all of them.
    const middles = panels.map(({ top, bottom }) => (top + bottom) / 2);
    middles.push((Math.min(...panels.map(({ top }) => top)) + Math.max(...panels.map((p) => p.bottom))) / 2);
    for (const { text, attributes: a } of elements) {
      if (a.transform === undefined) continue;
      expect(a.transform, text).toMatch(new RegExp(`^rotate\\(-?90 ${a.x} ${a.y}\\)$`));
      expect(Math.min(...middles.map((y) => Math.abs(y - Number(a.y)))), text).toBeLessThan(0.011);
    }
  });
});
