import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { noGrad, tape } from "../../src/autograd/tape.ts";
import { ArgumentError, TapeError } from "../../src/basics/errors.ts";
import { type DiagramOptions, layOutTape, tapeToDot, tapeToSvg } from "../../src/diagram/tape-diagram.ts";
import { concat, linearCombination, type Tensor } from "../../src/index.ts";
import { withScope } from "../../src/ops/operation.ts";
import { tensor } from "../../src/tensor/construction.ts";
import { parseSvg, type SvgElement } from "../plot/parse-svg.ts";

const leaf = (values: number | number[] = [1, 2]): Tensor => tensor(values, { requiresGrad: true });

/** Programs of a few steps, each on any two values so far: chains, fans, uses far away, the same operand twice. */
const program = fc
  .array(fc.tuple(fc.nat(5), fc.nat(), fc.nat()), { minLength: 1, maxLength: 25 })
  .map((steps) => () => {
    const constant = tensor([3, 4]);
    const values = [leaf(), leaf()];
    for (const [kind, i, j] of steps) {
      const [a, b] = [values[i % values.length], values[j % values.length]];
      const results = [
        a.sin(),
        a.add(b),
        a.mul(2),
        a.softmax(),
        constant.sub(a),
        linearCombination(a, 2, b, 3),
      ];
      values.push(results[kind]);
    }
    return values[values.length - 1];
  });
/** Programs that use every value once, in an order that is not that of the tape. */
const tree = fc
  .array(fc.tuple(fc.boolean(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 25 })
  .map((steps) => () => {
    const values = Array.from({ length: 8 }, () => leaf());
    const take = (i: number): Tensor => values.splice(i % values.length, 1)[0];
    for (const [isBinary, i, j] of steps) {
      const a = take(i);
      values.push(isBinary && values.length > 0 ? a.add(take(j)) : a.sin());
    }
    while (values.length > 1) values.push(take(0).mul(take(0)));
    return values[0];
  });
const direction = fc.constantFrom("down" as const, "right" as const);

/** What the tape says should be drawn: ids of boxes and edges. */
function contentsOf(root: Tensor): { boxes: string[]; edges: string[] } {
  const nodes = tape(root);
  const constants: Tensor[] = [];
  const edges = nodes.flatMap(({ inputs }, i) =>
    inputs!.map((input) => {
      if (input.node === null && !constants.includes(input)) constants.push(input);
      const from = input.node === null ? `c${constants.indexOf(input)}` : `n${nodes.indexOf(input.node)}`;
      return `${from} to n${i}`;
    }),
  );
  return { boxes: [...nodes.map((_, i) => `n${i}`), ...constants.map((_, i) => `c${i}`)], edges };
}

interface Frame {
  id: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
}
interface Point {
  x: number;
  y: number;
}
interface Drawing {
  size: Point;
  frames: Frame[];
  /** Points along each edge, and its name, such as "n0 to n2". */
  edges: { id: string; points: Point[] }[];
}

function read(svg: string): Drawing {
  const elements = parseSvg(svg);
  const following = (i: number, name: string): SvgElement => elements.slice(i).find((e) => e.name === name)!;
  const [frames, edges]: [Frame[], Drawing["edges"]] = [[], []];
  for (const [i, { name, attributes, text }] of elements.entries()) {
    if (name === "path") edges.push({ id: text, points: sample(attributes.d) });
    if (name === "g" && elements[i + 1].name === "title") {
      const { x, y, width, height } = following(i, "rect").attributes;
      const id = elements[i + 1].text.split(":")[0];
      frames.push({ id, left: +x, top: +y, right: +x + +width, bottom: +y + +height });
    }
  }
  return { size: { x: +elements[0].attributes.width, y: +elements[0].attributes.height }, frames, edges };
}

/** What is drawn, turned so that it leads down. */
function readDown(root: Tensor, way: "down" | "right"): Drawing {
  const drawing = read(tapeToSvg(root, { direction: way }));
  if (way === "down") return drawing;
  const turn = ({ x, y }: Point): Point => ({ x: y, y: x });
  return {
    size: turn(drawing.size),
    frames: drawing.frames.map(({ id, left, top, right, bottom }) => ({
      id,
      left: top,
      top: left,
      right: bottom,
      bottom: right,
    })),
    edges: drawing.edges.map(({ id, points }) => ({ id, points: points.map(turn) })),
  };
}

/** Points on the first stroke of a path of M, L and C; the second is the arrow's head. */
function sample(d: string): Point[] {
  const stroke = d.slice(0, d.indexOf("M", 1));
  const points: Point[] = [];
  for (const [, , list] of stroke.matchAll(/([MLC])([^MLC]+)/g)) {
    const given = list.split(" ").map((pair) => pair.split(",").map(Number));
    const last = points[points.length - 1] ?? { x: given[0][0], y: given[0][1] };
    const [p0, p1, p2, p3] =
      given.length === 3
        ? [[last.x, last.y], ...given]
        : [[last.x, last.y], [last.x, last.y], given[0], given[0]];
    for (let t = 0; t <= 1; t += 1 / 16) {
      const at = (k: 0 | 1): number =>
        (1 - t) ** 3 * p0[k] + 3 * t * (1 - t) ** 2 * p1[k] + 3 * t * t * (1 - t) * p2[k] + t ** 3 * p3[k];
      points.push({ x: at(0), y: at(1) });
    }
  }
  return points;
}

describe("a drawing of the tape", () => {
  test.prop([program, direction])(
    "has a box for every node and constant, an edge for every operand",
    (make, way) => {
      const root = make();
      const expected = contentsOf(root);
      const { frames, edges } = read(tapeToSvg(root, { direction: way }));
      expect(frames.map(({ id }) => id).sort()).toEqual(expected.boxes.sort());
      expect(edges.map(({ id }) => id).sort()).toEqual(expected.edges.sort());

      const dot = tapeToDot(root, { direction: way });
      const nodes = [...dot.matchAll(/^([nc]\d+) \[label=.*\];$/gm)].map(([, id]) => id);
      const arrows = [...dot.matchAll(/^([nc]\d+) -> (n\d+);$/gm)].map(([, from, to]) => `${from} to ${to}`);
      expect(nodes.sort()).toEqual(expected.boxes);
      expect(arrows.sort()).toEqual(expected.edges);
    },
  );

  test.prop([program, direction])("keeps boxes apart, and every edge outside of the boxes", (make, way) => {
    const { size, frames, edges } = read(tapeToSvg(make(), { direction: way }));
    const slack = 0.2; // coordinates are rounded to 0.1
    for (const [i, a] of frames.entries()) {
      expect(a.left > 0 && a.top > 0 && a.right < size.x && a.bottom < size.y).toBe(true);
      for (const b of frames.slice(0, i)) {
        const apart = a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
        expect(apart, `${a.id} and ${b.id} overlap`).toBe(true);
      }
    }
    for (const { id, points } of edges) {
      for (const { x, y } of points) {
        const inside = frames.find(
          (box) =>
            x > box.left + slack && x < box.right - slack && y > box.top + slack && y < box.bottom - slack,
        );
        expect(inside?.id, `${id} crosses a box`).toBeUndefined();
      }
    }
  });

  test.prop([program, direction])(
    "leads from operands to results, which operands enter in order",
    (make, way) => {
      const root = make();
      const { frames, edges } = read(tapeToSvg(root, { direction: way }));
      const [along, across] = way === "down" ? (["y", "x"] as const) : (["x", "y"] as const);
      const start = (box: Frame): number => (way === "down" ? box.top : box.left);
      const end = (box: Frame): number => (way === "down" ? box.bottom : box.right);
      const entries = new Map<string, { from: string; at: number }[]>();
      for (const { id, points } of edges) {
        const [source, target] = id.split(" to ").map((name) => frames.find((box) => box.id === name)!);
        const tip = points[points.length - 1];
        expect(Math.abs(tip[along] - start(target))).toBeLessThan(0.2);
        expect(points[0][along]).toBeGreaterThan(end(source) - 0.2);
        // Coordinates are rounded to 0.1.
        for (let i = 1; i < points.length; i++) {
          expect(points[i][along]).toBeGreaterThanOrEqual(points[i - 1][along] - 0.11);
        }
        const others = edges.filter((other) => other.id.startsWith(`${source.id} to `));
        const starts = others.some(({ points: [first] }) => Math.abs(first[along] - end(source)) < 0.2);
        expect(starts, "the first edge of a value starts at its box").toBe(true);
        const list = entries.get(target.id) ?? [];
        list.push({ from: source.id, at: tip[across] });
        entries.set(target.id, list);
      }
      const expected = contentsOf(root).edges.map((edge) => edge.split(" to "));
      for (const [id, list] of entries) {
        const operands = expected.filter(([, to]) => to === id).map(([from]) => from);
        expect(list.sort((a, b) => a.at - b.at).map(({ from }) => from)).toEqual(operands);
      }
    },
  );

  test("stands on white, over all of it", () => {
    const [svg, , , ground] = parseSvg(tapeToSvg(leaf().exp()));
    expect(ground).toMatchObject({ name: "rect", attributes: { fill: "#fff" } });
    expect(ground.attributes.width).toBe(svg.attributes.width);
    expect(ground.attributes.height).toBe(svg.attributes.height);
  });

  test.prop([program])("is the same, byte for byte, each time that the program runs", (make) => {
    const options: DiagramOptions = { showValues: true };
    expect(tapeToSvg(make(), options)).toBe(tapeToSvg(make(), options));
    expect(tapeToDot(make(), options)).toBe(tapeToDot(make(), options));
  });

  test.prop([program, direction])(
    "leaves room between boxes, and the same margin on all sides",
    (make, way) => {
      const { size, frames, edges } = read(tapeToSvg(make(), { direction: way, showValues: true }));
      for (const [i, a] of frames.entries()) {
        for (const b of frames.slice(0, i)) {
          const across = Math.max(a.left - b.right, b.left - a.right);
          const along = Math.max(a.top - b.bottom, b.top - a.bottom);
          expect(Math.max(across, along), `${a.id} and ${b.id}`).toBeGreaterThan(13.5);
        }
      }
      const points = edges.flatMap((edge) => edge.points);
      const xs = [...frames.flatMap(({ left, right }) => [left, right]), ...points.map(({ x }) => x)];
      const ys = [...frames.flatMap(({ top, bottom }) => [top, bottom]), ...points.map(({ y }) => y)];
      const margins = [Math.min(...xs), Math.min(...ys), size.x - Math.max(...xs), size.y - Math.max(...ys)];
      for (const margin of margins) expect(Math.abs(margin - 12)).toBeLessThan(0.25);
    },
  );

  test.prop([tree, direction])("crosses no edges where every value is used once", (make, way) => {
    const { frames, edges } = readDown(make(), way);
    expect(edges).toHaveLength(frames.length - 1);
    const ends = edges.map(({ points }) => [points[0], points[points.length - 1]]);
    for (const [i, [startA, endA]] of ends.entries()) {
      for (const [startB, endB] of ends.slice(0, i)) {
        // Edges into the same layer keep the order in which they start.
        if (endA.y === endB.y) expect((startA.x - startB.x) * (endA.x - endB.x)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test.prop([fc.integer({ min: 1, max: 4 }), direction])(
    "of a balanced tree is its own mirror image, and no broader than its leaves",
    (depth, way) => {
      const grow = (levels: number): Tensor =>
        levels === 0 ? leaf() : grow(levels - 1).add(grow(levels - 1));
      const { size, frames } = readDown(grow(depth), way);
      for (const { id, left, top } of frames) {
        const isMirrored = frames.some(
          (other) => Math.abs(other.top - top) < 0.2 && Math.abs(left + other.right - size.x) < 0.25,
        );
        expect(isMirrored, id).toBe(true);
      }
      const leaves = frames.filter(({ top }) => top === 12);
      expect(leaves).toHaveLength(2 ** depth);
      const breadth = leaves.reduce((sum, { left, right }) => sum + right - left, 0);
      expect(size.x).toBeCloseTo(breadth + 14 * (leaves.length - 1) + 2 * 12, 0);
    },
  );

  test.prop([fc.integer({ min: 1, max: 12 }), direction])(
    "runs straight down a chain, and along it where a value is used again at its end",
    (length, way) => {
      let y = leaf();
      const x = y;
      for (let i = 0; i < length; i++) y = y.sin();
      const middle = ({ left, right }: Frame): number => (left + right) / 2;
      const chain = readDown(y, way).frames;
      for (const box of chain) expect(Math.abs(middle(box) - middle(chain[0]))).toBeLessThan(0.2);

      const { frames, edges } = readDown(y.add(x), way);
      const chained = frames.filter(({ id }) => id !== "n0" && id !== `n${length + 1}`);
      for (const box of chained) expect(Math.abs(middle(box) - middle(chained[0]))).toBeLessThan(1);
      const [{ points }] = edges.filter(({ id }) => id === `n0 to n${length + 1}`);
      const beside = points.filter(({ y: place }) => chained.some((b) => b.top < place && place < b.bottom));
      for (const { x: place } of beside) expect(Math.abs(place - beside[0].x)).toBeLessThan(1);
      // The chain on one side of the two ends, the long edge on the other.
      if (length > 1)
        expect(beside[0].x - middle(frames[0])).toBeCloseTo(middle(frames[0]) - middle(chained[0]), -1);
    },
  );

  test.prop([program, direction])("keeps long edges straight in the layers that they pass", (make, way) => {
    for (const { id, points } of readDown(make(), way).edges) {
      // 17 points a line or curve: a line to the start of each curve, and one to the tip.
      const curves = points.flatMap((end, i) => (i % 34 === 33 ? [[points[i - 16], end]] : []));
      for (const [start, end] of curves.slice(1, -1)) expect(Math.abs(end.x - start.x), id).toBeLessThan(5);
    }
  });

  test.prop([program, direction])(
    "points an arrow at each operand's place, both barbs behind its tip",
    (make, way) => {
      const elements = parseSvg(tapeToSvg(make(), { direction: way }));
      const [along, across] = way === "down" ? [1, 0] : [0, 1];
      for (const { attributes } of elements.filter(({ name }) => name === "path")) {
        const head = attributes.d.slice(attributes.d.lastIndexOf("M") + 1).split("L");
        const [left, tip, right] = head.map((pair) => pair.split(",").map(Number));
        for (const barb of [left, right]) expect(tip[along] - barb[along]).toBeCloseTo(6, 5);
        expect(Math.abs(tip[across] - left[across] - 3.5)).toBeLessThan(0.11);
        expect(Math.abs(right[across] - tip[across] - 3.5)).toBeLessThan(0.11);
      }
    },
  );

  test("sets layers further apart where edges are slanted, up to a limit", () => {
    const gaps = (root: Tensor): number[] => {
      const { frames } = readDown(root, "down");
      const tops = [...new Set(frames.map(({ top }) => top))].sort((a, b) => a - b);
      return tops.slice(1).map((top, i) => top - frames.find((box) => box.top === tops[i])!.bottom);
    };
    for (const gap of gaps(leaf().sin().exp().sin())) expect(gap).toBeCloseTo(24, 1);
    const fan = (count: number): Tensor => concat(Array.from({ length: count }, () => leaf()));
    const [few, more, many] = [2, 5, 40].map((count) => gaps(fan(count))[0]);
    expect(few).toBeGreaterThan(24);
    expect(more).toBeGreaterThan(few);
    expect(many).toBeCloseTo(64, 1);
  });

  test("keeps a chain of operations straight where weights and numbers join it", () => {
    let y = leaf();
    for (let i = 0; i < 8; i++) y = y.mul(leaf()).add(2).sin();
    const { frames, edges } = read(tapeToSvg(y));
    const isOperation = ({ id }: Frame): boolean => edges.some((edge) => edge.id.endsWith(` to ${id}`));
    const middles = frames.filter(isOperation).map(({ left, right }) => (left + right) / 2);
    expect(middles).toHaveLength(24);
    // Weights pull by up to 8 pixels a step, where a box is 38 broad.
    for (const [i, middle] of middles.entries()) {
      if (i > 0) expect(Math.abs(middle - middles[i - 1])).toBeLessThan(9);
    }
  });

  test.prop([
    program,
    direction,
    fc.constantFrom("x", "a longer name", "銀河の回転曲線", "🌌🌌🌌🌌🌌🌌🌌🌌"),
  ])("keeps every line of text within its box, and the box close to it", (make, way, name) => {
    const root = make();
    const names = new Map([[tape(root)[0].output, name]]);
    const elements = parseSvg(tapeToSvg(root, { direction: way, names, showValues: true }));
    let frame: Frame | undefined;
    let widest = 0;
    let last = 0;
    const checkTight = (): void => {
      if (frame === undefined) return;
      expect(frame.bottom - last).toBeLessThan(12);
      expect(frame.right - frame.left).toBeLessThan(1.05 * widest + 20);
    };
    for (const { name: kind, attributes, text } of elements) {
      const { x, y, width, height } = attributes;
      if (kind === "rect" && x !== undefined) {
        checkTight();
        frame = { id: "", left: +x, top: +y, right: +x + +width, bottom: +y + +height };
        [widest, last] = [0, frame.top];
      }
      if (kind !== "text" || frame === undefined) continue;
      expect(Math.abs(+x - (frame.left + frame.right) / 2)).toBeLessThan(0.2);
      // Letters 12 high stand on their base line, and g and y hang below it by a quarter of that.
      expect(+y - last).toBeGreaterThan(12);
      expect(+y - last).toBeLessThan(16);
      expect(frame.bottom - +y).toBeGreaterThan(3);
      // The advance of monospaced fonts is 0.6 em, and they give a CJK character or a picture twice that.
      const advance = [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 14.4 : 7.2), 0);
      expect(frame.right - frame.left).toBeGreaterThan(advance + 8);
      [widest, last] = [Math.max(widest, advance), +y];
    }
    checkTight();
  });

  test("tells leaves, constants, operations and composites apart without colours", () => {
    const x = leaf();
    const elements = parseSvg(tapeToSvg(x.mul(2).softmax(), { names: { x } }));
    const looks = new Map<string, string>();
    for (const [i, { name, text }] of elements.entries()) {
      if (name !== "g" || elements[i + 1].name !== "title") continue;
      const { rx, "stroke-width": width, "stroke-dasharray": dash } = elements[i + 2].attributes;
      looks.set(text, `${rx !== undefined} ${width !== undefined} ${dash !== undefined}`);
    }
    expect(Object.fromEntries(looks)).toEqual({
      "n0: x [2]x[2]": "false true false",
      "c0: 22": "false false true",
      "n1: mul [2]mul[2]": "true false false",
      "c1: constant [1]constant[1]": "false false true",
      "n2: balance [2]softmaxbalance[2]": "true false false",
      "n3: sub [2]softmaxsub[2]": "true false false",
      "n4: exp [2]softmaxexp[2]": "true false false",
      "n5: sum [1]softmaxsum[1]": "true false false",
      "n6: div [2]softmaxdiv[2]": "true false false",
    });
    const [, title, description] = elements;
    expect(title.text).toBe("Tape of div [2]");
    expect(description.text).toMatch(/^Operations: 6, leaves: 1, constants: 2\./);
  });

  test("puts composites into nested clusters of DOT, with the numbers that they bring along", () => {
    const x = leaf();
    const outside = tensor([3, 4]);
    const root = withScope("outer", () => withScope("inner", () => x.mul(2)).add(outside)).sin();
    expect(tapeToDot(root, { names: { x }, direction: "right" })).toBe(`digraph tape {
rankdir=LR;
node [shape=box, fontname="monospace"];
n0 [label="x\\n[2]", penwidth=2.5];
c1 [label="constant\\n[2]", style=dashed];
n3 [label="sin\\n[2]", style=rounded];
subgraph cluster_0 {
label="outer";
subgraph cluster_1 {
label="inner";
c0 [label="2", style=dashed];
n1 [label="mul\\n[2]", style=rounded];
}
n2 [label="add\\n[2]", style=rounded];
}
n0 -> n1;
c0 -> n1;
n1 -> n2;
c1 -> n2;
n2 -> n3;
}
`);
  });
});

describe("names", () => {
  const x = leaf(1);
  const root = x.exp();

  test("are escaped in SVG and in DOT", () => {
    const name = 'a<b> & "c" \\ d';
    const svg = tapeToSvg(root, { names: { [name]: x } });
    expect(parseSvg(svg).filter(({ name: kind, text }) => kind === "text" && text === name)).toHaveLength(1);
    expect(tapeToDot(root, { names: { [name]: x } })).toContain('n0 [label="a<b> & \\"c\\" \\\\ d\\n[]"');
  });

  test("stay on one line and lose what XML forbids", () => {
    const names = new Map([[x, "one\ntwo\u0000\ud800"]]);
    expect(parseSvg(tapeToSvg(root, { names })).map(({ text }) => text)).toContain("one two\ufffd\ufffd");
    expect(tapeToDot(root, { names })).toContain('n0 [label="one two\ufffd\ufffd\\n[]"');
  });

  test("hold one space for any run of spaces and breaks", () => {
    expect(tapeToDot(root, { names: { "a \n\t b": x } })).toContain('n0 [label="a b\\n[]"');
  });

  test("of results in a composite stand beside the operation, under the composite's own name", () => {
    const softmax = leaf([1, 2]).softmax();
    const texts = parseSvg(tapeToSvg(softmax, { names: { p: softmax } })).filter(
      ({ name }) => name === "text",
    );
    const last = texts.slice(-3);
    expect(tapeToSvg(leaf([1, 2]).exp())).not.toContain("italic");
    expect(last.map(({ text }) => text)).toEqual(["softmax", "p = div", "[2]"]);
    expect(last.map(({ attributes }) => attributes["font-style"])).toEqual(["italic", undefined, undefined]);
  });

  test("of results and constants are shown too, and those of tensors elsewhere ignored", () => {
    const half = tensor(0.5);
    const dot = tapeToDot(root.mul(half), { names: { y: root, half, elsewhere: leaf() } });
    expect(dot).toContain('[label="y = exp\\n[]"');
    expect(dot).toContain('[label="half\\n[]"');
    expect(dot).not.toContain("elsewhere");
  });
});

test("showValues writes out small tensors and their gradients, and leaves large ones out", () => {
  const x = leaf([1, 2]);
  const large = tensor(new Float32Array(10), { requiresGrad: true });
  const root = x.square().sum().add(large.sum());
  root.backward(undefined, { retainGraph: true });
  const dot = tapeToDot(root, { names: { x, large }, showValues: true });
  expect(dot).toContain('[label="x\\n[2]\\n= [1, 2]\\ngrad = [2, 4]"');
  expect(dot).toContain('[label="large\\n[10]"');
  expect(dot).toContain('[label="add\\n[]\\n= 5"');
  expect(tapeToDot(root, { names: { x } })).toContain('[label="x\\n[2]"');
  const square = tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { requiresGrad: true },
  );
  expect(tapeToDot(square, { showValues: true })).toContain('label="leaf\\n[2, 2]\\n= [[1, 2],\\n[3, 4]]"');
  // Nine elements are the most, and the two blocks of a cube stand without a line between them.
  const nine = tensor(new Float32Array(9), { requiresGrad: true });
  expect(tapeToDot(nine, { showValues: true })).toContain("= [0, 0, 0, 0, 0, 0, 0, 0, 0]");
  const cube = tensor(new Float32Array(8), [2, 2, 2], { requiresGrad: true });
  expect(tapeToDot(cube, { showValues: true })).toContain("[0, 0]],\\n[[0, 0],");
  // A number is its own value.
  expect(tapeToDot(square.mul(2), { showValues: true })).toContain('c0 [label="2", style');
  expect(tapeToDot(tensor([], { requiresGrad: true }), { showValues: true })).toContain('label="leaf\\n[0]"');
});

test("DOT leads down unless told to lead to the right", () => {
  expect(tapeToDot(leaf())).toContain("rankdir=TB;");
  expect(tapeToDot(leaf(), { direction: "down" })).toContain("rankdir=TB;");
  expect(tapeToDot(leaf(), { direction: "right" })).toContain("rankdir=LR;");
});

describe.each([
  ["tapeToSvg", tapeToSvg],
  ["tapeToDot", tapeToDot],
])("%s refuses", (where, draw) => {
  const chain = (length: number): Tensor => {
    let y = leaf(1);
    for (let i = 1; i < length; i++) y = y.neg();
    return y;
  };

  test("a tape of more than 1000 boxes, and draws one of 1000", () => {
    expect(draw(chain(1000))).toContain("n999");
    expect(() => draw(chain(1001))).toThrow(ArgumentError);
    expect(() => draw(chain(999).mul(2).mul(2))).toThrow(/1001 nodes.*1000 boxes(.|\n)*listTape/);
    expect(() => draw(chain(100_000))).toThrow(ArgumentError);
  });

  test("a freed tape, and says how to keep it", () => {
    const x = leaf(2);
    const y = x.mul(x);
    y.backward(undefined, { retainGraph: true });
    expect(draw(y)).toContain("mul");
    y.backward();
    expect(() => draw(y)).toThrow(TapeError);
    expect(() => draw(y.add(x))).toThrow(/^.*freed by a backward pass \(at mul\)(.|\n)*retainGraph: true/);
  });

  test("a tensor that nothing is recorded for", () => {
    const unrecorded = noGrad(() => leaf().sin());
    expect(() => draw(unrecorded)).toThrow(TapeError);
    expect(() => draw(unrecorded)).toThrow(`${where}: nothing is recorded`);
  });

  test("options that are none", () => {
    const x = leaf();
    expect(() => draw(x, { direction: "up" as never })).toThrow(`${where}: "up" is no direction`);
    expect(() => draw(x, { direction: 1 as never })).toThrow(/use "down" or "right"/);
    for (const wrong of ["weights", null, 1, {}]) {
      expect(() => draw(x, { names: { x: wrong as never } })).toThrow(/names must name tensors; got/);
    }
    expect(() => draw(x, { names: new Map([["x", x]]) as never })).toThrow(
      /names must name tensors; got the text "x", named by a tensor of shape \[2\](.|\n)*Map from tensor to name/,
    );
    expect(() => draw(x, { names: new Map([[x, 1]]) as never })).toThrow(/named by the number 1/);
    expect(() => draw(x, { name: {} } as never)).toThrow(new RegExp(`^${where}: `));
  });
});

test("tapeToSvg refuses long edges that pass too many layers, which tapeToDot writes down", () => {
  const results = [leaf(0.5)];
  for (let i = 0; i < 200; i++) results.push(results[i].tanh());
  const root = results.reduceRight((product, result) => product.mul(result));
  expect(() => tapeToSvg(root)).toThrow(/^tapeToSvg: .*20000 layers/);
  expect(() => layOutTape(root, () => [40, 20])).toThrow(/^layOutTape: .*20000 layers/);
  expect(contentsOf(root).edges.length).toBe(tapeToDot(root).split("->").length - 1);
});

test.prop([program, fc.constantFrom("down" as const, "right" as const)])(
  "a layout has the sizes that were asked for, the places of the drawing, and no boxes over each other",
  (make, direction) => {
    const root = make();
    const sizes = new Map<Tensor, readonly [number, number]>();
    const { boxes, edges, width, height } = layOutTape(
      root,
      (label, value) => {
        const size = [40 + 5 * label.length, 20 + 3 * sizes.size] as const;
        sizes.set(value, size);
        return size;
      },
      { direction },
    );
    expect(boxes.filter(({ node }) => node !== null).map(({ node }) => node)).toEqual(
      expect.arrayContaining(tape(root)),
    );
    for (const box of boxes) {
      expect([box.width, box.height]).toEqual(sizes.get(box.value));
      expect(box.x - box.width / 2).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width / 2).toBeLessThanOrEqual(width);
      expect(box.y - box.height / 2).toBeGreaterThanOrEqual(0);
      expect(box.y + box.height / 2).toBeLessThanOrEqual(height);
      for (const other of boxes) {
        if (other === box) continue;
        const apart = [
          Math.abs(box.x - other.x) - (box.width + other.width) / 2,
          Math.abs(box.y - other.y) - (box.height + other.height) / 2,
        ];
        expect(Math.max(...apart)).toBeGreaterThan(0);
      }
    }
    const ids = new Set(boxes.map(({ id }) => id));
    for (const { from, to } of edges) expect(ids.has(from) && ids.has(to)).toBe(true);
    expect(edges.length).toBe(boxes.reduce((count, { node }) => count + (node?.inputs?.length ?? 0), 0));
  },
);
