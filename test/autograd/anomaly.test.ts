/** detectAnomaly finds the operation that first made a NaN or an infinity, and the line that called it. */

import { describe, expect, it } from "vitest";
import {
  AnomalyError,
  ArgumentError,
  add,
  detectAnomaly,
  Random,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { Linear, Sequential } from "../../src/nn/index.ts";
import { Adam, clipGradValue, type Memory, Optimizer, SGD, WeightAverage } from "../../src/optim/index.ts";

/** The place of the caller as the stack writes it: "…/anomaly.test.ts:12". */
function here(offset = 0): string {
  const line = new Error().stack!.split("\n")[2];
  const [, file, at] = line.match(/([^(\s]*anomaly\.test\.ts):(\d+):\d+/)!;
  return `${file.replace(/^file:\/\//, "")}:${Number(at) + offset}:`;
}

function anomalyOf(body: () => unknown): AnomalyError {
  try {
    detectAnomaly(body);
  } catch (error) {
    if (error instanceof AnomalyError) return error;
    throw error;
  }
  throw new Error("nothing was found");
}
const leaf = (values: number | number[]): Tensor => tensor(values, { requiresGrad: true });

describe("detectAnomaly", () => {
  it("names the operation, its operands and the caller's line, forward", () => {
    let place = "";
    const error = anomalyOf(() => {
      const x = tensor([1, -2, 3]);
      place = here(1);
      return x.log().mean();
    });
    expect(error.where).toBe("log");
    expect(error.message).toMatch(/made NaN from finite operands \(shapes \[3\]; operands -2 to 3\)/);
    expect(error.message).toContain(place);
  });

  it("finds the caller's line from deep inside composites and modules", () => {
    let place = "";
    const model = new Sequential(new Linear(2, 3, new Random(1)), (x: Tensor) => x.softmax().std(0));
    const input = tensor([[NaN, 1]]);
    const error = anomalyOf(() => {
      place = here(1);
      return model.forward(input);
    });
    expect(error.where).toBe("linear");
    expect(error.message).toContain(place);

    const large = tensor([3e38]);
    const deep = anomalyOf(() => {
      place = here(1);
      return large.huberLoss(tensor([-3e38]));
    });
    expect(deep.where).toBe("huberError");
    expect(deep.message).toContain(place);
  });

  it("tells an operand that was faulty before from a fault that was made", () => {
    const error = anomalyOf(() => add(tensor([NaN, 1]), 2));
    expect(error.message).toMatch(/add: passed on NaN/);
  });

  it("tells of a NaN beside infinities, wherever it stands", () => {
    for (const values of [
      [0, -1],
      [-1, 0],
      [0, 0, -1],
    ])
      expect(anomalyOf(() => tensor(values).log()).message).toMatch(/log: made NaN from finite operands/);
    expect(anomalyOf(() => tensor([1, 0]).log()).message).toMatch(/log: made -Infinity/);
  });

  it("names the operation whose gradient rule is at fault, and where that operation was called", () => {
    let place = "";
    const x = leaf([0, 4]);
    const error = anomalyOf(() => {
      place = here(1);
      const root = x.sqrt();
      root.mul(2).sum().backward();
    });
    expect(error.where).toBe("sqrt");
    expect(error.message).toMatch(/gradient rule made Infinity/);
    expect(error.message).toContain(place);
  });

  it("stops at the first fault, and lets sound computations through", () => {
    expect(detectAnomaly(() => tensor([1, 4]).sqrt().sum().item())).toBe(3);
    const error = anomalyOf(() =>
      tensor([-1])
        .sqrt()
        .add(tensor([0]).log()),
    );
    expect(error.where).toBe("sqrt");
  });

  it("watches no longer than its body runs", () => {
    expect(() => detectAnomaly(() => tensor(-1).log())).toThrow(AnomalyError);
    expect(tensor(-1).log().item()).toBeNaN();
    const x = leaf(1);
    expect(x.exp().node!.callSite).toBeNull();
    expect(detectAnomaly(() => x.exp()).node!.callSite).toContain("anomaly.test.ts");
  });

  it("sees the additions of single numbers, which nobody's watching would let happen in place", () => {
    const x = tensor(0, { requiresGrad: true });
    const huge = (): Tensor => x.mul(1.5e38);
    const sum = huge().add(huge()).add(huge());
    expect(() => detectAnomaly(() => sum.backward())).toThrow(/add: made Infinity from finite operands/);
  });

  it("refuses async functions, which it could not watch to their end", () => {
    expect(() => detectAnomaly(async () => tensor(1))).toThrow(ArgumentError);
  });
});

describe("detectAnomaly watches changes in place:", () => {
  const withGradient = (values: number[], gradient: number[]): Tensor => {
    const x = leaf(values);
    x.grad = tensor(gradient);
    return x;
  };

  it("an optimiser is named with the parameter, and where it stepped", () => {
    const parameters = [withGradient([1], [1]), withGradient([2, -3e38], [1, 3e38])];
    const optimizer = new SGD(parameters, { learningRate: 10 });
    let place = "";
    const error = anomalyOf(() => {
      place = here(1);
      optimizer.step();
    });
    expect(error.where).toBe("SGD");
    expect(error.message).toMatch(
      /at parameter 1 of shape \[2\], made -Infinity from finite operands \(shapes \[2\], \[2\]; operands -3.*e\+38 to 2, 1 to 3.*e\+38\)/,
    );
    expect(error.message).toContain(place);
  });

  it("so is what an optimiser remembers", () => {
    const optimizer = new SGD([withGradient([1], [3e38])], { learningRate: 1e-30, momentum: 1 });
    detectAnomaly(() => optimizer.step());
    expect(anomalyOf(() => optimizer.step()).message).toMatch(
      /^SGD: at parameter 0 .* made -?Infinity from finite/,
    );
    const x = withGradient([1], [NaN]);
    expect(anomalyOf(() => new Adam([x]).step()).message).toMatch(
      /^Adam: at parameter 0 of shape \[1\], passed on NaN/,
    );
  });

  it("an optimiser of one's own is, whether an operation or the change itself is at fault", () => {
    class Root extends Optimizer {
      constructor(parameters: Iterable<Tensor>) {
        super("Root", parameters, 1);
      }
      protected freshMemory(): Memory {
        return {};
      }
      protected update(parameter: Tensor, gradient: Tensor): void {
        parameter.assign(gradient.sqrt());
      }
    }
    const error = anomalyOf(() => new Root([withGradient([1], [4]), withGradient([1], [-4])]).step());
    expect(error.message).toMatch(/^Root: at parameter 1 of shape \[1\], sqrt made NaN from finite operands/);
  });

  it.each<[string, () => unknown, RegExp]>([
    ["assign", () => tensor([1, 2]).assign(tensor([1, NaN])), /^assign: passed on NaN/],
    [
      "clipping by value",
      () => clipGradValue([withGradient([1], [NaN])], 1),
      /^clipGradValue: at the gradient of parameter 0 of shape \[1\], passed on NaN/,
    ],
    [
      "weight averages",
      () => {
        const x = leaf([1]);
        const average = new WeightAverage([leaf([1]), x]);
        x.data[0] = NaN;
        average.update();
      },
      /^WeightAverage: at the average of parameter 1 of shape \[1\], passed on NaN/,
    ],
    [
      "loading",
      () => {
        const model = new Linear(1, 1, new Random(0));
        model.loadStateDictionary(
          new Map([
            ["weight", tensor([[1]])],
            ["bias", tensor([NaN])],
          ]),
        );
      },
      /^loadStateDictionary: at bias of shape \[1\], assign passed on NaN/,
    ],
  ])("%s", (_, change, message) => {
    expect(anomalyOf(change).message).toMatch(message);
    expect(change).not.toThrow();
  });

  it("an infinity that was there before is nobody's: the sum of exponentials of masked rows", () => {
    const rows = tensor([[-Infinity, -Infinity], [0, 0], [Infinity, 1]]); // biome-ignore format: one line.
    expect(detectAnomaly(() => rows.logsumexp(1)).toArray()).toEqual([
      -Infinity,
      Math.fround(Math.LN2),
      Infinity,
    ]);
  });

  it("sound steps go through, and an infinity that was there before", () => {
    const x = withGradient([1, -Infinity], [1, 1]);
    detectAnomaly(() => new SGD([x], { learningRate: 0.5 }).step());
    expect(x.toArray()).toEqual([0.5, -Infinity]);
  });
});
