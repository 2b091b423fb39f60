/** Digits where a computation could lose them on its way: right values from mpmath at 50 digits, or by hand. */

import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/index.ts";
import {
  arange,
  argmax,
  argmin,
  atan2,
  binary,
  binaryCrossEntropyWithLogits,
  cholesky,
  cosh,
  crossEntropyLoss,
  cumprod,
  full,
  grad,
  hessian,
  huberLoss,
  l1Loss,
  linspace,
  log2,
  log10,
  mseLoss,
  normal,
  pow,
  prod,
  Random,
  remainder,
  solve,
  type Tensor,
  tensor,
  unary,
  vectorNorm,
  zeros,
} from "../../src/index.ts";
import { clipGradNorm } from "../../src/optim/index.ts";
import { onBackend } from "../properties/laws.ts";

/** Repeated, since a single number goes another way than lanes. */
const repeated = (value: number): Tensor => full([8], value);
const onEachBackend = (body: () => void): void => {
  for (const name of ["typescript", "wasm"] as const) onBackend(name, body);
};
function expectAll(found: Tensor, right: readonly number[], digits = 6): void {
  const values = found.toTypedArray();
  expect(values.length).toBe(right.length);
  right.forEach((value, i) => {
    expectDigits(values[i], value, digits);
  });
}
const firstOf = (x: Tensor): number => x.toTypedArray()[0];

function expectDigits(found: number, right: number, digits = 6): void {
  if (found !== right) expect(Math.abs(found / right - 1)).toBeLessThan(10 ** -digits);
}

describe("composites are rounded once", () => {
  it("equal elements have no spread, and are their own mean", () => {
    const x = full([14], 5.781778335571289);
    expect(x.mean().item()).toBe(Math.fround(5.781778335571289));
    expect(x.std().item()).toBe(0);
    expect(x.variance().item()).toBe(0);
    expect(full([1, 3], 30000.3).layerNorm().toArray()).toEqual([[0, 0, 0]]);
  });

  it("neighbours are centred halfway between them, where no float32 is", () => {
    const x = tensor([[1, 1 + 2 ** -23]]);
    expect(x.variance(1, { correction: 0 }).toArray()).toEqual([2 ** -48]);
    expect(x.layerNorm(undefined, undefined, 0).toArray()).toEqual([[-1, 1]]);
  });

  it("sums and squares beyond float32 leave results inside", () => {
    expect(tensor([2.5e38, 2.5e38]).mean().item()).toBe(Math.fround(2.5e38));
    expect(
      tensor([[2e38], [2e38]])
        .mean(0)
        .toArray(),
    ).toEqual([Math.fround(2e38)]);
    expectDigits(tensor([1e30, -1e30]).std().item(), Math.SQRT2 * 1e30);
    expectDigits(tensor([1e-30, -1e-30]).std().item(), Math.SQRT2 * 1e-30);
  });

  it("what is next to nothing beside the largest exponential keeps its digits", () => {
    // ln(1 + e⁻²⁰ + e⁻²³), e⁻²⁰ and e⁻²³ being lost beside 1 in float32.
    const right = 2.1637731606460875e-9;
    const logits = tensor([0, 20, -3]);
    expectDigits(logits.logSoftmax().toTypedArray()[1], -right);
    expectDigits(logits.sub(20).logsumexp().item(), right);
    expectDigits(crossEntropyLoss(logits, tensor([0, 1, 0])).item(), right);
    expect(full([2, 3], -Infinity).logsumexp(1).toArray()).toEqual([-Infinity, -Infinity]);
    expect(zeros([2, 0]).logsumexp(1).toArray()).toEqual([-Infinity, -Infinity]);
  });

  it("beside an infinite element the others have no slope, however large they are", () => {
    const x = tensor([100, Infinity, -1, 1e20, 88]);
    for (const [name, f] of Object.entries({
      logsumexp: (x: Tensor) => x.logsumexp(),
      norm: (x: Tensor) => x.norm(),
      "norm of −x": (x: Tensor) => x.neg().norm(),
    })) {
      expect(f(x).item(), name).toBe(Infinity);
      expect(grad(f)(x).toTypedArray().with(1, 0).map(Math.abs), name).toEqual(new Float32Array(5));
    }
    expect(x.logSoftmax().toTypedArray().with(1, 0)).toEqual(
      Float32Array.of(-Infinity, 0, -Infinity, -Infinity, -Infinity),
    );
  });

  it("the norm of subnormal numbers has its slope", () => {
    const slope = grad((x: Tensor) => x.norm())(tensor([3e-40, 4e-40])).toTypedArray();
    expectDigits(slope[0], 0.6, 4);
    expectDigits(slope[1], 0.8, 4);
  });
});

describe("norms of any order", () => {
  const norm = (p: number) => (x: Tensor) => vectorNorm(x, p);

  it("of a negative order are next to the smallest element, which is taken out first", () =>
    onEachBackend(() => {
      for (const dtype of ["float32", "float64"] as const) {
        const right: [p: number, x: number[], norm: number, slope: number[]][] = [
          [-3, [1, 1e-15, 1], 1e-15, [1e-60, 1, 1e-60]],
          [-2, [1, 1e-10], 1e-10, [1e-30, 1]],
          [-1, [1e-30, 1e-38], 9.9999999e-39, [9.999999800000003e-17, 0.9999999800000003]],
          [-100, [1, 0.001], 0.001, [1e-303, 1]],
          [-200, [1, 0.01], 0.01, [0, 1]],
          [-2, [0, 3], 0, [0, 0]],
          [-2, [Infinity, 3], 3, [0, 1]],
        ];
        for (const [p, numbers, value, slope] of right) {
          const x = tensor(numbers, { dtype });
          expectDigits(norm(p)(x).item(), value);
          expectAll(grad(norm(p))(x), dtype === "float32" ? [...Float32Array.from(slope)] : slope);
        }
        expect(norm(-1)(tensor([Infinity, Infinity], { dtype })).item()).toBe(Infinity);
        expect(norm(-1)(zeros([0], { dtype })).item()).toBe(Infinity);
      }
    }));

  it("have slopes that no step on the way takes out of float32", () =>
    onEachBackend(() => {
      const cube = (factor: number, x: number[]) =>
        grad((x: Tensor) => norm(3)(x).mul(factor))(tensor(x)).toTypedArray();
      const slope = [0.444851351730535, 0.790846847520952];
      const tiny = 2 ** -149;
      for (const [factor, unit] of [
        [1e-30, 1e-20],
        [1e30, 1e20],
        [1, tiny],
      ]) {
        const found = cube(factor, [3 * unit, 4 * unit]);
        slope.forEach((right, i) => {
          expectDigits(found[i] / factor, right);
        });
      }
      const bends = hessian(norm(3), tensor([3e-20, 4e-20]));
      expectAll(bends.reshape([-1]), [2.08574993e19, -1.56431245e19, -1.56431245e19, 1.17323434e19]);
    }));
});

it("products have ordinary gradients where parts of them are beyond float32", () =>
  onEachBackend(() => {
    const x = [1e20, 1e20, 1e20, 1e-20, 1e-20, 1e-20];
    const right = [1e-20, 1e-20, 1e-20, 1e20, 1e20, 1e20];
    expectAll(grad((x: Tensor) => prod(x))(tensor(x)), right);
    expectAll(grad((x: Tensor) => cumprod(x, 0).at(-1))(tensor(x)), right);
    expectAll(
      grad((x: Tensor) => cumprod(x, 0).at(-1))(tensor([1e-30, 1e-30, 1e30, 1e30])),
      [1e30, 1e30, 1e-30, 1e-30],
    );
  }));

describe("losses are added in float64", () => {
  it("so that errors of single elements may be beyond float32 where their mean is not", () =>
    onEachBackend(() => {
      for (const size of [1, 3, 4, 17, 1000, 70_000]) {
        const [x, y] = [full([size], 1e19), full([size], -3e18)];
        expectDigits(mseLoss(x, y).item(), 1.69e38);
        expectDigits(compile((x: Tensor) => mseLoss(x, y))(x).item(), 1.69e38);
        expectDigits(l1Loss(full([size], 3e38), full([size], 0)).item(), 3e38);
      }
      expectDigits(mseLoss(full([7, 9], 1e19).transpose(), full([9, 7], -3e18)).item(), 1.69e38);
      const far = [tensor([3e38, 0]), tensor([-3e38, 0])] as const;
      expectDigits(l1Loss(...far).item(), 3e38);
      expectDigits(huberLoss(...far).item(), 3e38);
      expectDigits(huberLoss(...far, { delta: 0.5, reduction: "sum" }).item(), 3e38);
      expect(mseLoss(...far).item()).toBe(Infinity);
      expect(mseLoss(tensor([NaN, 1e30]), tensor([0, 0])).item()).toBeNaN();
    }));

  it("so that many squares of subnormal size keep their digits", () =>
    onEachBackend(() => {
      const sum = mseLoss(full([70_000], 1e-20), zeros([70_000]), { reduction: "sum" });
      expectDigits(sum.item(), 7e-36);
      expect(mseLoss(zeros([5]), zeros([5])).item()).toBe(0);
    }));

  it("in the same bits with options that ask for what is done anyway", () =>
    onEachBackend(() => {
      const random = new Random(7);
      const [x, y] = [normal([40, 9], random), normal([40, 9], random)];
      for (const loss of [mseLoss, l1Loss, huberLoss]) {
        const [value, ...others] = [undefined, {}, { reduction: "mean" } as const].map((options) => {
          const slope = grad((x: Tensor) => loss(x, y, options))(x);
          return [loss(x, y, options).item(), ...slope.toTypedArray()];
        });
        for (const other of others) expect(other).toEqual(value);
      }
    }));
});

describe("one exponential that outweighs all others", () => {
  const last = (x: number[]) => x.map((_, i) => (i === x.length - 1 ? 1 : 0));
  // x, the share of each other element, and of all of them.
  const right: [x: number[], others: number, all: number][] = [
    [[0, 20], 2.0611536181902037e-9, 2.0611536181902037e-9],
    [[0, 0, 20], 2.061153613941849e-9, 4.122307227883699e-9],
    [[0, 40], 4.248354255291589e-18, 4.248354255291589e-18],
  ];

  it("leaves the losses and all gradients their digits", () =>
    onEachBackend(() => {
      for (const dtype of ["float32", "float64"] as const) {
        const digits = dtype === "float32" ? 6 : 14;
        for (const [numbers, others, all] of right) {
          const [x, chosen] = [tensor(numbers, { dtype }), tensor(last(numbers), { dtype })];
          const signed = (of: number[], sign: number) => of.map((each) => sign * each);
          const slopes = [...numbers.slice(1).map(() => others), -all];
          expectDigits(crossEntropyLoss(x, chosen).item(), -Math.log1p(-all), digits);
          expectAll(grad((x: Tensor) => crossEntropyLoss(x, chosen))(x), slopes, digits);
          expectAll(grad((x: Tensor) => x.logSoftmax().at(-1))(x), signed(slopes, -1), digits);
          const bend = all * (1 - all);
          const rest = numbers.slice(1).map(() => others * (1 - all));
          expectAll(grad((x: Tensor) => x.softmax().at(-1))(x), [...signed(rest, -1), bend], digits);
          expectAll(hessian((x: Tensor) => x.logsumexp(), x).at(-1), [...signed(rest, -1), bend], digits);
        }
      }
    }));

  it("takes the gradient of logsumexp where it is infinite, and gives NaN where the value is NaN", () =>
    onEachBackend(() => {
      expect(grad((x: Tensor) => x.logsumexp())(tensor([Infinity, 0])).toArray()).toEqual([1, 0]);
      for (const f of [(x: Tensor) => x.softmax(), (x: Tensor) => x.logSoftmax()])
        expect(grad((x: Tensor) => f(x).at(0))(tensor([Infinity, 0])).toTypedArray()[0]).toBeNaN();
    }));
});

it("gelu keeps its digits below 0, in value and slope", () => {
  const right: [x: number, value: number, slope: number][] = [
    [-5, -1.4332578594e-6, -7.14694600179e-6],
    [-6, -5.91952587023e-9, -3.54687094539e-8],
    [-8, -4.97676845942e-15, -3.97960726109e-14],
  ];
  for (const [x, value, slope] of right) {
    expectDigits(firstOf(repeated(x).gelu()), value, 5);
    expectDigits(firstOf(grad((x: Tensor) => x.gelu().sum())(repeated(x))), slope, 5);
  }
});

it("silu keeps its digits where e^(−x) overflows", () => {
  expectDigits(firstOf(repeated(-89.5).silu()), -1.2091130400474887e-37);
  expectDigits(full([8], -710, { dtype: "float64" }).silu().toTypedArray()[0], -3.1781632202293424e-306);
  expect(repeated(-Infinity).silu().toTypedArray()[0]).toBeNaN();
});

it("pow has the limits of its slopes at 0", () => {
  const right: [x: number, y: number, byBase: number, byExponent: number][] = [
    [0, -1, -Infinity, -Infinity],
    [0, 0, 0, 0],
    [0, 2, 0, 0],
    [2 ** -149, 0, 0, -103.27892990343184],
    [2, 3, 12, 5.545177444479562],
  ];
  for (const [x, y, ...slopes] of right) {
    const operands = [repeated(x), repeated(y)];
    const found = grad((operands: Tensor[]) => operands[0].pow(operands[1]).sum())(operands);
    found.forEach((slope, i) => {
      expectDigits(firstOf(slope), slopes[i]);
    });
  }
});

it("pow has the limits of its slopes at infinity too, and of the mixed derivative at 0", () =>
  onEachBackend(() => {
    const right: [x: number, y: number, byBase: number, byExponent: number][] = [
      [Infinity, -1, 0, 0],
      [Infinity, 0.5, 0, Infinity],
      [0.5, Infinity, 0, 0],
      [2, -Infinity, 0, 0],
      [2, Infinity, Infinity, Infinity],
      [0, Infinity, 0, 0],
      [0, -Infinity, -Infinity, -Infinity],
      [NaN, 0, 0, NaN],
    ];
    const slopes = (operands: Tensor[]) =>
      grad((operands: Tensor[]) => operands[0].pow(operands[1]).sum())(operands);
    for (const [x, y, ...expected] of right)
      expect(slopes([repeated(x), repeated(y)]).map((slope) => firstOf(slope) + 0)).toEqual(expected);
    for (const [i, k] of [
      [0, 1],
      [1, 0],
    ]) {
      const mixed = (x: number, y: number) =>
        firstOf(grad((operands: Tensor[]) => slopes(operands)[i].sum())([repeated(x), repeated(y)])[k]);
      expect(mixed(0, 0.5)).toBe(-Infinity);
      expect(Math.abs(mixed(0, 2))).toBe(0);
      expectDigits(mixed(2, 3), 12.317766166719343);
    }
  }));

it("the angle of a point that is infinitely far has no slope", () =>
  onEachBackend(() => {
    for (const [y, x] of [
      [Infinity, 0.5],
      [-0.5, Infinity],
      [0.5, -Infinity],
      [Infinity, Infinity],
    ]) {
      const slopes = grad((operands: Tensor[]) => atan2(operands[0], operands[1]).sum());
      expect(slopes([repeated(y), repeated(x)]).map((slope) => Math.abs(firstOf(slope)))).toEqual([0, 0]);
    }
  }));

it("a logarithm of −∞ has no slope that looks right", () =>
  onEachBackend(() => {
    for (const f of [(x: Tensor) => x.log(), (x: Tensor) => x.log1p(), log2, log10]) {
      const slope = (x: number) => firstOf(grad((x: Tensor) => f(x).sum())(repeated(x)));
      expect(slope(-Infinity)).toBeNaN();
      expect(slope(Infinity)).toBe(0);
    }
  }));

it("the binary cross entropy keeps its digits where logit and target are next to ½", () =>
  onEachBackend(() => {
    const half = repeated(0.5);
    const slope = grad((x: Tensor) => binaryCrossEntropyWithLogits(x, half, { reduction: "sum" }));
    for (const [x, right] of [
      [1e-8, 2.5e-9],
      [-5.7e-30, -1.425e-30],
      [0.3, 0.07444251681165903],
      [-0.7, -0.16818777216816613],
      [40, 0.5],
    ])
      expectDigits(firstOf(slope(repeated(x))), right);
  }));

it("the third derivative of cosh is sinh, also next to 0", () =>
  onEachBackend(() => {
    const derivative = (f: (x: Tensor) => Tensor) => grad((x: Tensor) => f(x).sum());
    const third = derivative(derivative(derivative(cosh)));
    for (const [x, right] of [
      [1e-12, 1e-12],
      [-1e-30, -1e-30],
      [0.3, 0.3045202934471426],
    ])
      expectDigits(firstOf(third(repeated(x))), right);
  }));

it("second derivatives do not cancel", () => {
  const right: [
    name: "tanh" | "sigmoid" | "silu" | "softplus" | "gelu" | "reciprocal",
    x: number,
    f: number,
  ][] = [
    ["tanh", 1e-6, -2e-6],
    ["tanh", -0.4, 0.650198137674],
    ["tanh", 20, -3.3986834e-17],
    ["sigmoid", 1e-6, -1.25e-7],
    ["silu", 17.29, -4.7364814e-7],
    ["silu", -17.29, -4.7364814e-7],
    ["silu", 0, 0.5],
    ["softplus", 1e-6, 0.25],
    ["gelu", -6, -2.06580017e-7],
    ["reciprocal", 1e-10, 2e30],
  ];
  for (const [name, x, second] of right) {
    const slope = grad((x: Tensor) => x[name]().sum());
    expectDigits(firstOf(grad((x: Tensor) => slope(x).sum())(repeated(x))), second, 5);
  }
});

describe("cross entropy", () => {
  const logits = tensor([[1, -Infinity, 0]]);
  const target = tensor([[1, 0, 0]]);

  it("is finite where a class is masked whose target is 0, and so are its gradients", () => {
    expectDigits(crossEntropyLoss(logits, target).item(), 0.31326168751822286);
    const slope = grad((x: Tensor) => crossEntropyLoss(x, target))(logits).toTypedArray();
    [-0.2689414213699951, 0, 0.2689414213699951].forEach((right, i) => {
      expectDigits(slope[i], right);
    });
  });

  it("is infinite where the masked class is the right one, and NaN for a NaN among the logits", () => {
    expect(crossEntropyLoss(logits, tensor([[0, 1, 0]])).item()).toBe(Infinity);
    expect(crossEntropyLoss(tensor([[1, NaN, 0]]), target).item()).toBeNaN();
  });
});

it("a result of NaN does not come with gradients of 0", () => {
  const choices: Record<string, (x: Tensor) => Tensor> = {
    relu: (x) => x.relu(),
    abs: (x) => x.abs(),
    clamp: (x) => x.clamp(-1, 1),
    leakyRelu: (x) => x.leakyRelu(),
    elu: (x) => x.elu(),
    max: (x) => x.max(),
    min: (x) => x.min(),
    maximum: (x) => x.maximum(0),
    minimum: (x) => x.minimum(0),
    l1Loss: (x) => x.l1Loss(zeros([3])),
    huberLoss: (x) => x.huberLoss(zeros([3])),
    mseLoss: (x) => x.mseLoss(zeros([3])),
    norm: (x) => x.norm(),
    std: (x) => x.std(),
  };
  const x = tensor([1, NaN, -1]);
  for (const [name, f] of Object.entries(choices)) {
    expect(f(x).sum().item(), name).toBeNaN();
    expect(grad((x: Tensor) => f(x).sum())(x).toTypedArray()[1], name).not.toBe(0);
  }
});

describe("ends", () => {
  const DOUBLE = { dtype: "float64" } as const;

  it("linspace ends at its stop exactly, also where the difference of its ends overflows", () => {
    for (const [start, stop, count] of [
      [0, 1, 50],
      [0.1, 0.7, 7],
      [-3, 0.1, 11],
      [1, 1e-3, 30],
    ]) {
      const values = linspace(start, stop, count, DOUBLE).toTypedArray();
      expect([values[0], values[count - 1]]).toEqual([start, stop]);
    }
    expect(linspace(-1.5e308, 1.5e308, 3, DOUBLE).toArray()).toEqual([-1.5e308, 0, 1.5e308]);
    expect(linspace(2, 5, 1).toArray()).toEqual([2]);
    expect(linspace(2, 5, 0).toArray()).toEqual([]);
  });

  it("arange stays before its stop, and leaves nothing before it out", () => {
    for (let stop = 1; stop < 9; stop += 0.1) {
      for (const step of [0.1, 0.3, 0.7, -0.1, -0.3]) {
        const [from, to] = step > 0 ? [1, stop] : [stop, 1];
        const values = [...arange(from, to, step, DOUBLE).toTypedArray()];
        expect(values.every((value) => (step > 0 ? value < to : value > to))).toBe(true);
        const next = from + values.length * step;
        expect(step > 0 ? next >= to : next <= to).toBe(true);
      }
    }
    expect(arange(1, 1.6, 0.1, DOUBLE).shape).toEqual([6]);
  });
});

it("argmax and argmin keep all axes where asked to, also without an axis", () => {
  for (const index of [argmax, argmin]) {
    expect(index(zeros([2, 3]), undefined, { keepdim: true }).shape).toEqual([1, 1]);
    expect(index(zeros([2, 3])).shape).toEqual([]);
  }
});

describe("rules of several steps are rounded once", () => {
  const slope = (f: (x: Tensor) => Tensor, x: Tensor): Tensor => grad((x: Tensor) => f(x).sum())(x);
  const bend = (f: (x: Tensor) => Tensor, x: Tensor): Tensor => slope((x) => slope(f, x), x);

  it("powers of 0 have the derivatives of powers, of any order", () =>
    onEachBackend(() => {
      let factorial = 1;
      for (let n = 1; n <= 5; n++) {
        factorial *= n;
        let f = (x: Tensor): Tensor => x.pow(n);
        for (let k = 0; k < n; k++) {
          const before = f;
          f = (x) => slope(before, x);
        }
        for (const dtype of ["float32", "float64"] as const)
          expectAll(f(tensor([0, -0, 1, -2], { dtype })), [factorial, factorial, factorial, factorial]);
      }
      expect(bend((x) => x.pow(1), repeated(0)).toArray()).toEqual(Array(8).fill(0));
      expect(bend((x) => x.pow(1.5), repeated(0)).toArray()).toEqual(Array(8).fill(Infinity));
      expect(bend((x) => x.pow(0.5), repeated(0)).toArray()).toEqual(Array(8).fill(-Infinity));
      // Mixed: 1/x, which float32 has no number for, but its product with a cotangent.
      const mixed = (x: Tensor, scale: number): Tensor =>
        slope((y) => slope((x) => pow(x, y).mul(scale), x), x.mul(0));
      expectAll(mixed(repeated(1e-40), 1e-20), Array(8).fill(1e-20 / Math.fround(1e-40)), 5);
      expectAll(mixed(tensor([1e-40], { dtype: "float64" }), 1), [1e40]);
    }));

  it("so that no step on the way leaves the range", () =>
    onEachBackend(() => {
      const at = (value: number): number => Math.fround(value);
      const cases: [f: (x: Tensor) => Tensor, x: Tensor, right: number][] = [
        [(x) => x.log().mul(1e-42), tensor([1e-39]), Math.fround(1e-42) / at(1e-39)],
        [(x) => log2(x).mul(3e38), tensor([1e20]), (3e38 * Math.LOG2E) / 1e20],
        [(x) => log10(x).mul(1e-44), tensor([1e-20]), (Math.fround(1e-44) * Math.LOG10E) / at(1e-20)],
        [(y) => remainder(tensor([3e38]), y).mul(1e-20), tensor([1e-10]), -3e28],
        [(x) => cholesky(x).mul(1e20), tensor([[1e38]]), 5],
        [(x) => cholesky(x).mul(1e-25), tensor([[1e-38]]), 5e-7],
        [(a) => solve(a, tensor([[1e-30]])).mul(1e20), tensor([[1e-20]]), -1e30],
        [(a) => solve(a, tensor([[1e38]])).mul(1e-30), tensor([[1e14]]), -1e-20],
      ];
      for (const [f, x, right] of cases) expectAll(slope(f, x), [right], 5);
      expectAll(
        bend((x) => x.log().mul(1e-42), tensor([1e-39])),
        [-Math.fround(1e-42) / at(1e-39) ** 2],
        5,
      );
      expectAll(
        bend((a) => solve(a, tensor([[1e-30]])), tensor([[1e-20]])),
        [2e30],
        5,
      );
      // Of expressions of one's own too.
      const square = unary({ name: "logOfSquare", value: (m, x) => m.log(m.mul(x, x)) });
      expectAll(slope(square, repeated(1e25)), Array(8).fill(2e-25));
      const product = binary({ name: "logOfProduct", value: (m, x, y) => m.log1p(m.mul(x, y)) });
      expectAll(
        slope((x) => product(x, 1e30).mul(1e20), repeated(1e5)),
        Array(8).fill(1e15),
      );
    }));

  it("a remainder of an infinite divisor is what is left of 0 times it, or of −1", () =>
    onEachBackend(() => {
      const [x, y] = [tensor([5, -5, 5, -5]), tensor([Infinity, Infinity, -Infinity, -Infinity])];
      expect(slope((y) => remainder(x, y), y).toArray()).toEqual([-0, 1, 1, -0]);
    }));

  it("huberLoss has a slope of delta at an infinite error, and a second derivative of 1 near 0", () =>
    onEachBackend(() => {
      const loss = (x: Tensor): Tensor => huberLoss(x, x.detach().mul(0), { delta: 2, reduction: "sum" });
      const ends = tensor([Infinity, -Infinity, 0.5]);
      const to = (x: Tensor): Tensor => huberLoss(x, zeros(x.shape), { delta: 2, reduction: "sum" });
      expect(slope(to, ends).toArray()).toEqual([2, -2, 0.5]);
      expect(bend(loss, tensor([0, 0.5, 3])).toArray()).toEqual([1, 1, 0]);
      const far = tensor([1.5e308], { dtype: "float64" });
      expect(slope((x) => huberLoss(x, far.neg(), { reduction: "sum" }), far).toArray()).toEqual([1]);
    }));

  it("the Euclidean norm bends at elements that are 0, by whatever name", () =>
    onEachBackend(() => {
      for (const norm of [(x: Tensor) => x.norm(), (x: Tensor) => vectorNorm(x, 2)])
        expectAll(
          hessian(norm, tensor([0, 3, 4])).flatten(),
          [0.2, 0, 0, 0, 0.128, -0.096, 0, -0.096, 0.072],
          5,
        );
    }));
});

it("clipping reaches norms that no single factor of float32 does", () =>
  onEachBackend(() => {
    for (const [gradients, most, right] of [
      [[3e38], 1e-30, [1e-30]],
      [[3e38, 1e-5], 1e-37, [1e-37, 0]],
      [[3e38, 3e38], 1e-20, [Math.SQRT1_2 * 1e-20, Math.SQRT1_2 * 1e-20]],
      [[1e20], 1e-9, [1e-9]],
    ] as const) {
      const parameters = gradients.map((gradient) => {
        const parameter = tensor([1], { requiresGrad: true });
        parameter.grad = tensor([gradient]);
        return parameter;
      });
      clipGradNorm(parameters, most);
      parameters.forEach(({ grad }, i) => {
        expectDigits(grad!.item(), right[i], 5);
      });
    }
  }));

describe("parts beyond the range of float64", () => {
  const times = (count: number, value: number): number[] => new Array<number>(count).fill(value);
  it.each([
    ["large ones first", [...times(12, 1e30), ...times(12, 1e-30)]],
    ["small ones first", [...times(10, 1e-38), ...times(10, 1e38)]],
    ["with a sign", [-1, ...times(20, 2e20), ...times(20, 5e-21)]],
  ])("leave a product and its slopes what they are: %s", (_, values) => {
    const rounded = values.map(Math.fround);
    const right =
      Math.exp(rounded.reduce((sum, value) => sum + Math.log(Math.abs(value)), 0)) * Math.sign(values[0]);
    onEachBackend(() => {
      const x = tensor(values);
      expectDigits(prod(x).item(), right, 5);
      expectAll(grad((x: Tensor) => prod(x))(x), rounded.map((value) => right / value), 5); // biome-ignore format: one line.
      const rows = tensor([values, values]).transpose();
      expectAll(prod(rows, 0, { keepdim: true }), [right, right], 5);
    });
  });

  it("are exact in float64, down to subnormal products", () => {
    const float64 = { dtype: "float64" } as const;
    expect(prod(tensor([1e200, 1e200, 1e-300, 1e-90], float64)).item()).toBeCloseTo(1e10, -1);
    expect(prod(tensor([1e-300, 1e-20], float64)).item()).toBe(1e-320);
    expect(prod(tensor([3e300, 7e300, 0], float64)).item()).toBe(0);
    expect(prod(tensor([2 ** 1000, 2 ** 1000, 2 ** -1074, 2 ** -900], float64)).item()).toBe(2 ** 26);
    expect(prod(tensor([Infinity, 2, -3], float64)).item()).toBe(-Infinity);
    expect(grad((x: Tensor) => prod(x))(tensor([1e300, 1e300, 0], float64)).toArray()).toEqual([
      0,
      0,
      Infinity,
    ]);
  });

  it("leave standard deviations and normal layers in float64 what they are, with their slopes", () => {
    const float64 = { dtype: "float64" } as const;
    for (const unit of [1e200, 1, 1e-200, 2 ** 1020, 2 ** -1000]) {
      const x = tensor([3, -1, 2].map((value) => value * unit), float64); // biome-ignore format: one line.
      expectDigits(x.std().item(), Math.sqrt(13 / 3) * unit, 12);
      expectDigits(x.std(0, { correction: 0, keepdim: true }).item(), Math.sqrt(26 / 9) * unit, 12);
      const slope = [5 / 3, -7 / 3, 2 / 3].map((centred) => centred / 2 / Math.sqrt(13 / 3));
      expectAll(grad((x: Tensor) => x.std())(x), slope, 12);
      if (unit < 1) continue;
      const normal = [5 / 3, -7 / 3, 2 / 3].map((centred) => centred / Math.sqrt(26 / 9));
      expectAll(x.layerNorm(undefined, undefined, 1e-300), normal, 12);
      const weighted = (x: Tensor) =>
        x
          .layerNorm(undefined, undefined, 1e-300)
          .mul(tensor([1, 2, 5], float64))
          .sum();
      const atOne = grad(weighted)(tensor([3, -1, 2], float64));
      expectAll(grad(weighted)(x).mul(unit), [...atOne.toTypedArray()], 9);
    }
    expect(full([2, 3], 1e200, float64).layerNorm().toArray()).toEqual([[0, 0, 0], [0, 0, 0]]); // biome-ignore format: one line.
    const rows = tensor([[1e200, 3e200], [1, 3], [1e-200, 3e-200]], float64); // biome-ignore format: one line.
    expectAll(rows.std(1), [Math.SQRT2 * 1e200, Math.SQRT2, Math.SQRT2 * 1e-200], 12);
  });
});
