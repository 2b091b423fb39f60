import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type DrawOptions, tapeToDot, tapeToSvg } from "../../src/autograd/draw.ts";
import { noGrad, tape } from "../../src/autograd/tape.ts";
import { tensor } from "../../src/autograd/tensor.ts";
import type { Tensor } from "../../src/index.ts";
import { withScope } from "../../src/ops/operation.ts";
import { ArgumentError, TapeError } from "../../src/tensor/errors.ts";
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
        a.linearCombination(2, b, 3),
      ];
      values.push(results[kind]);
    }
    return values[values.length - 1];
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
        for (let i = 1; i < points.length; i++) {
          expect(points[i][along]).toBeGreaterThanOrEqual(points[i - 1][along] - 1e-9);
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

  test.prop([program])("is the same, byte for byte, each time that the program runs", (make) => {
    const options: DrawOptions = { showValues: true };
    expect(tapeToSvg(make(), options)).toBe(tapeToSvg(make(), options));
    expect(tapeToDot(make(), options)).toBe(tapeToDot(make(), options));
  });

  test("is wide enough for its text", () => {
    const x = leaf(3);
    const long = "a name of forty characters, more or less";
    const svg = tapeToSvg(x.sin().mul(x), { names: new Map([[x, `${long}銀河`]]), showValues: true });
    const { left, right } = read(svg).frames[0];
    // The mean advance of monospaced fonts is 0.6 em, of a CJK character 1 em, and the font is 12 high.
    expect(right - left).toBeGreaterThan(0.6 * 12 * long.length + 2 * 12);
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
      "n2: sub [2]softmaxsub[2]": "true false false",
      "n3: exp [2]softmaxexp[2]": "true false false",
      "n4: sum [1]softmaxsum[1]": "true false false",
      "n5: div [2]softmaxdiv[2]": "true false false",
    });
    const [, title, description] = elements;
    expect(title.text).toBe("Tape of div [2]");
    expect(description.text).toMatch(/^Operations: 5, leaves: 1, constants: 2\./);
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
    expect(() => draw(x, { direction: "up" as never })).toThrow(ArgumentError);
    expect(() => draw(x, { names: { x: "weights" as never } })).toThrow(ArgumentError);
    expect(() => draw(x, { names: new Map([["x", x]]) as never })).toThrow(/names must name tensors/);
  });
});

test("tapeToSvg refuses long edges that pass too many layers, which tapeToDot writes down", () => {
  const results = [leaf(0.5)];
  for (let i = 0; i < 200; i++) results.push(results[i].tanh());
  const root = results.reduceRight((product, result) => product.mul(result));
  expect(() => tapeToSvg(root)).toThrow(/20000 layers/);
  expect(contentsOf(root).edges.length).toBe(tapeToDot(root).split("->").length - 1);
});
