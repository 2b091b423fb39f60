/** Single cuts of failing examples: what each offers, that it is smaller, and that it is still what the arbitrary draws. */

import { describe, expect, it } from "vitest";
import { broadcastShapes, sizeOf } from "../../src/basics/shape.ts";
import { type Shape, tensor } from "../../src/index.ts";
import { Graph } from "../../src/testing/index.ts";
import {
  smallerBroadcastable,
  smallerGraphs,
  smallerShapes,
  smallerTensors,
  smallerViews,
} from "../../src/testing/shrink.ts";

const shown = (graphs: Iterable<Graph>): string[] => Array.from(graphs, (graph) => graph.toExpression());

describe("cuts of shapes", () => {
  it("drop axes first, then halve and shorten them", () => {
    expect([...smallerShapes([3, 4])]).toEqual([[], [4], [3], [1, 4], [2, 4], [3, 1], [3, 2], [3, 3]]);
    expect([...smallerShapes([2, 1], { minRank: 1, minSize: 1 })]).toEqual([[2], [1], [2], [1, 1]]);
    expect([...smallerShapes([1], { minRank: 1 })]).toEqual([]);
    expect([...smallerShapes([], { minRank: 0 })]).toEqual([]);
    expect([...smallerShapes([2], { minRank: 1, minSize: 0 })]).toEqual([[0], [1]]);
  });

  it("that broadcast change an axis of all, or of one, and broadcast still", () => {
    const shapes: Shape[] = [[4, 1, 3], [2, 3], [1]];
    const cuts = [...smallerBroadcastable(shapes)];
    for (const cut of cuts) {
      expect(() => cut.reduce((a, b) => broadcastShapes("test", a, b))).not.toThrow();
      expect(cut.reduce((sum, shape) => sum + shape.length + sizeOf(shape), 0)).toBeLessThan(
        shapes.reduce((sum, shape) => sum + shape.length + sizeOf(shape), 0),
      );
    }
    // The last axis of all, and its size where it is not 1; the first axis of one; an axis of one made 1.
    expect(cuts).toContainEqual([[4, 1], [2], []]);
    expect(cuts).toContainEqual([[4, 1, 2], [2, 2], [1]]);
    expect(cuts).toContainEqual([[4, 1, 3], [1, 3], [1]]);
    expect(cuts).toContainEqual([[1, 3], [2, 3], [1]]);
    // One axis less of one shape, down to the fewest.
    expect([...smallerBroadcastable([[1, 1], [1]], { minRank: 1 })]).toEqual([
      [[1], [1]],
      [[1], [1]],
    ]);
    expect([...smallerBroadcastable([[1], [1]], { minRank: 0 })]).toEqual([
      [[], []],
      [[], [1]],
      [[1], []],
    ]);
    expect([...smallerBroadcastable([[2], [1]], { minRank: 1 })]).toEqual([
      [[1], [1]],
      [[1], [1]],
    ]);
  });
});

describe("cuts of tensors", () => {
  it("take parts, single elements, all 0, all 1, and simpler numbers, within the interval", () => {
    const values = (of: Iterable<{ toArray(): unknown }>) => Array.from(of, (x) => x.toArray());
    expect(values(smallerTensors(tensor([2.5, -3]), { minRank: 1 }))).toEqual([
      [2.5],
      [2.5],
      [-3],
      [0, 0],
      [1, 1],
      ...[
        [0, -3],
        [1, -3],
        [-1, -3],
        [2, -3],
      ],
      ...[
        [2.5, 0],
        [2.5, 1],
        [2.5, -1],
        [2.5, -2],
      ],
    ]);
    expect(values(smallerTensors(tensor([2.5]), { shape: [1], values: [1, 3] }))).toEqual([[1], [1], [2]]);
    expect(values(smallerTensors(tensor([0, 0]), { shape: [2] }))).toEqual([]);
    // What stands first along each axis.
    const square = tensor([
      [1, 2],
      [3, 4],
    ]);
    for (const part of [1, [1, 2], [[1, 2]], [[1], [3]]])
      expect(values(smallerTensors(square))).toContainEqual(part);
    // No axis below its least size.
    expect(values(smallerTensors(tensor([1, 0, 0]), { minRank: 1, minSize: 2 }))).toEqual([
      [1, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe("cuts of views", () => {
  const base = tensor([
    [1, 2],
    [3, 4],
  ]);
  const step = (name: string, ...settings: never[]) => ({ name, operands: [-1], settings });

  it("leave layouts out, ranges of a slice one by one, and elements of the base", () => {
    const view = new Graph([base], [step("slice", [0, 1] as never, [1, 2] as never)]);
    const cuts = shown(smallerViews(view));
    expect(cuts[0]).toBe("tensor([1, 2, 3, 4], [2, 2])");
    expect(cuts[1]).toBe("tensor([1, 2, 3, 4], [2, 2]).slice(null, [1, 2])");
    expect(cuts[2]).toBe("tensor([1, 2, 3, 4], [2, 2]).slice([0, 1], null)");
    expect(cuts).toContain("tensor([0, 0, 0, 0], [2, 2]).slice([0, 1], [1, 2])");
  });

  it("resize the shapes in the arguments with the base", () => {
    const view = new Graph([tensor([[5], [6]])], [step("expand", [2, 3] as never)]);
    expect(shown(smallerViews(view))).toContain("tensor([5], [1, 1]).expand([1, 3])");
  });
});

describe("cuts of graphs", () => {
  it("keep an input, a beginning, leave a step out, put its value in its place, and leave arguments out", () => {
    const graph = new Graph(
      [tensor([3, 2])],
      [
        { name: "square", operands: [-1], settings: [] },
        { name: "neg", operands: [0], settings: [] },
        { name: "sum", operands: [1], settings: [0, { keepdim: true }] },
      ],
    );
    const cuts = shown(smallerGraphs(graph));
    expect(cuts.slice(0, 3)).toEqual([
      "tensor([3, 2], [2])",
      "tensor([3, 2], [2]).square()",
      "tensor([3, 2], [2]).square().neg()",
    ]);
    expect(cuts).toContain("tensor([3, 2], [2]).neg().sum(0, { keepdim: true })");
    expect(cuts).toContain("tensor([-9, -4], [2]).sum(0, { keepdim: true })");
    expect(cuts).toContain("tensor([3, 2], [2]).square().neg().sum()");
    expect(cuts).toContain("tensor([3, 2], [2]).square().neg().sum(0)");
    expect(cuts).toContain("tensor([3], [1]).square().neg().sum(0, { keepdim: true })");
    expect(cuts).toContain("tensor([0, 2], [2]).square().neg().sum(0, { keepdim: true })");
  });

  it("shorten a size wherever it occurs", () => {
    const graph = new Graph(
      [tensor([1, 2, 3]), tensor([4, 5, 6])],
      [
        { name: "mul", operands: [-1, -2], settings: [] },
        { name: "reshape", operands: [0], settings: [[3, 1]] },
      ],
    );
    const cuts = shown(smallerGraphs(graph));
    expect(cuts).toContain("tensor([1], [1]).mul(tensor([4], [1])).reshape([1, 1])");
    expect(cuts).toContain("tensor([1, 2], [2]).mul(tensor([4, 5], [2])).reshape([2, 1])");
  });

  it("come in this order", () => {
    const graph = new Graph(
      [tensor([3, 2]), tensor([5, 7])],
      [
        { name: "square", operands: [-1], settings: [] },
        { name: "mul", operands: [0, -2], settings: [] },
        { name: "add", operands: [1, 0], settings: [] },
      ],
    );
    const cuts = shown(smallerGraphs(graph));
    expect(cuts).toMatchInlineSnapshot(`
      [
        "tensor([3, 2], [2])",
        "tensor([5, 7], [2])",
        "tensor([3, 2], [2]).square()",
        "tensor([3, 2], [2]).square().mul(tensor([5, 7], [2]))",
        "tensor([3, 2], [2]).mul(tensor([5, 7], [2])).add(tensor([3, 2], [2]))",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.add(t0);
      }",
        "tensor([5, 7], [2]).add(tensor([3, 2], [2]).square())",
        "tensor([45, 28], [2]).add(tensor([3, 2], [2]).square())",
        "tensor([9, 4], [2]).mul(tensor([5, 7], [2])).add(tensor([9, 4], [2]))",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([3, 2], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3], [1]).square();
        return t0.mul(tensor([5], [1])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor(5)).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor(5)).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([5], [1])).add(t0);
      }",
        "{
        const t0 = tensor([0, 0], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([1, 1], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([0, 2], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([1, 2], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([-1, 2], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([2, 2], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 0], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 1], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, -1], [2]).square();
        return t0.mul(tensor([5, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([0, 0], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([1, 1], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([0, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([1, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([-1, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([2, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([4, 7], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([5, 0], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([5, 1], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([5, -1], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([5, 3], [2])).add(t0);
      }",
        "{
        const t0 = tensor([3, 2], [2]).square();
        return t0.mul(tensor([5, 6], [2])).add(t0);
      }",
      ]
    `);
  });

  it("put one input in place of another", () => {
    const graph = new Graph([tensor([1]), tensor([2])], [{ name: "mul", operands: [-1, -2], settings: [] }]);
    const same = [...smallerGraphs(graph)].filter(
      ({ inputs, steps }) => inputs.length === 1 && steps.length === 1,
    );
    expect(same.map((cut) => cut.f(...cut.inputs).item())).toEqual(expect.arrayContaining([4, 1]));
  });
});
