/** What operations tell whoever hands them operands that do not fit: every message in full. */

import { expect, it } from "vitest";
import * as halograd from "../../src/index.ts";
import {
  argmax,
  argmin,
  binary,
  concat,
  crossEntropyLoss,
  huberLoss,
  indexAdd,
  indexSelect,
  l1Loss,
  layerNorm,
  leakyRelu,
  linear,
  logSoftmax,
  logsumexp,
  mseLoss,
  noGrad,
  norm,
  normal,
  ones,
  quaternary,
  Random,
  stack,
  type Tensor,
  tensor,
  ternary,
  unary,
  uniform,
  variance,
  zeros,
} from "../../src/index.ts";
import { inPlace } from "../../src/optim/in-place.ts";
import { words } from "../../src/testing/vocabulary.ts";
import { errorOf, messagesOf } from "../messages.ts";

/** Handed over as JavaScript would: without the types that refuse it. */
const any = (value: unknown): never => value as never;
const a = ones([2, 3]);
const leaf = (): Tensor => tensor([1, 2], { requiresGrad: true });
const increase = inPlace({ name: "increase", writes: 1, values: (m, x, y) => [m.add(x, y)] });

it("say which shapes do not fit together, and what would", () => {
  expect(
    messagesOf({
      "concat of unequal rows": () => concat([a, ones([2, 4])]),
      "concat of unequal ranks": () => concat([a, ones([3])]),
      "concat of scalars": () => concat([tensor(1), tensor(2)]),
      "concat of nothing": () => concat([]),
      "stack of unequal shapes": () => stack([a, a, ones([3])]),
      "expand to fewer": () => a.expand([1, 3]),
      "expand of what is not 1": () => a.expand([4, 3]),
      "squeeze of a size": () => a.squeeze(1),
      "flatten backwards": () => a.flatten(1, 0),
      "slice of too many axes": () => a.slice(0, 0, 0),
      "slice at an index beyond": () => a.slice(null, 3),
      "slice at an index before": () => a.slice(-3),
      "slice between": () => a.slice(0.5),
      "slice without a step": () => a.slice([0, 1, 0]),
      "matmul of what is transposed": () => a.matmul(a),
      "matmul of another size": () => a.matmul(ones([4, 5])),
      "matmul of vectors": () => ones([3]).matmul(ones([2])),
      "matmul of a vector that is as long as the rows": () => ones([2]).matmul(ones([3, 2])),
      "matmul of a matrix and a long vector": () => a.matmul(ones([2])),
      "matmul of a scalar": () => a.matmul(tensor(1)),
      "matmul of batches": () => ones([2, 1, 1]).matmul(ones([3, 1, 1])),
      "linear of a transposed weight": () => linear(a, ones([3, 4])),
      "linear of another size": () => linear(a, ones([4, 5])),
      "linear of a vector of weights": () => linear(a, ones([3])),
      "linear of a scalar": () => linear(tensor(1), a),
      "linear with another bias": () => linear(a, ones([4, 3]), ones([3])),
      "linear with a bias of two axes": () => linear(a, ones([4, 3]), ones([1, 4])),
      "mean squared error": () => mseLoss(a, ones([2, 1])),
      "Huber loss": () => huberLoss(a, ones([3])),
      "mean absolute error": () => l1Loss(a, tensor(1)),
      "cross entropy": () => crossEntropyLoss(a, ones([3])),
      "mean absolute error without a target": () => l1Loss(a, any(undefined)),
      "Huber loss without a target": () => (huberLoss as (x: Tensor) => Tensor)(a),
      "cross entropy without a target": () => (crossEntropyLoss as (x: Tensor) => Tensor)(a),
      "weight of a layer norm": () => layerNorm(a, ones([2])),
      "bias of a layer norm": () => layerNorm(a, undefined, ones([1, 3])),
      "max of nothing": () => zeros([0]).max(),
      "min of nothing along an axis": () => zeros([2, 0]).min(1),
      "argmax of nothing": () => zeros([0, 2]).argmax(0),
      "argmin of nothing": () => zeros([0]).argmin(),
      "an update of another shape": () => increase(ones([2]), ones([3])),
      "an update that would grow": () => increase(ones([2]), ones([2, 2])),
      "an update of an expanded tensor": () => increase(ones([1]).expand([2]), 1),
      "an update of overlapping windows": () => increase(halograd.unfold(ones([4]), [2]), 1),
    }),
  ).toMatchInlineSnapshot(`
    "
    concat of unequal rows
      ShapeError: concat: shapes [2, 3], [2, 4] differ on other axes than 0.
      Fix: sizes may differ along the joined axis only: choose another axis, or slice or pad.
    concat of unequal ranks
      ShapeError: concat: needs tensors of one rank, at least 1; got [2, 3], [3].
      Fix: use stack() to join scalars or along a new axis.
    concat of scalars
      ShapeError: concat: needs tensors of one rank, at least 1; got [], [].
      Fix: use stack() to join scalars or along a new axis.
    concat of nothing
      ArgumentError: concat: got no tensors.
      Fix: give at least one.
    stack of unequal shapes
      ShapeError: stack: needs equal shapes; got [2, 3] and [3].
      Fix: concat() joins other sizes along an axis.
    expand to fewer
      ShapeError: expand: [2, 3] cannot be repeated to [1, 3]: only axes of size 1 grow.
      Fix: insert axes of size 1 with unsqueeze() or reshape() first.
    expand of what is not 1
      ShapeError: expand: shapes [2, 3] and [4, 3] do not broadcast: counted from the last axis, axis -2 has sizes 2 and 4, which must be equal or 1.
      Fix: reshape or transpose one of them, or insert an axis of size 1 with unsqueeze().
    squeeze of a size
      AxisError: squeeze: axis 1 of [2, 3] has size 3; only size 1 can go.
    flatten backwards
      AxisError: flatten: axis 1 comes after axis 0.
    slice of too many axes
      AxisError: slice: 3 ranges for the 2 axes of [2, 3].
      Fix: [0, 0, 0] is one range, from start to end.
    slice at an index beyond
      AxisError: slice: index 3 is outside axis 1 of [2, 3].
    slice at an index before
      AxisError: slice: index -3 is outside axis 0 of [2, 3].
    slice between
      AxisError: slice: an index is a whole number; got 0.5.
    slice without a step
      ArgumentError: slice: the step of a range cannot be 0.
      Fix: use a step of 1 or -1.
    matmul of what is transposed
      ShapeError: matmul: [2, 3] × [2, 3]: 3 columns on the left, 2 rows on the right.
      Fix: transpose the right operand: a.matmul(b.transpose()).
    matmul of another size
      ShapeError: matmul: [2, 3] × [4, 5]: 3 columns on the left, 4 rows on the right.
      Fix: transpose() or reshape() one, or mul() element by element.
    matmul of vectors
      ShapeError: matmul: [3] × [2]: 3 columns on the left, 2 rows on the right.
      Fix: transpose() or reshape() one, or mul() element by element.
    matmul of a vector that is as long as the rows
      ShapeError: matmul: [2] × [3, 2]: 2 columns on the left, 3 rows on the right.
      Fix: transpose the right operand: a.matmul(b.transpose()).
    matmul of a matrix and a long vector
      ShapeError: matmul: [2, 3] × [2]: 3 columns on the left, 2 rows on the right.
      Fix: transpose() or reshape() one, or mul() element by element.
    matmul of a scalar
      ShapeError: matmul: [2, 3] × []: 3 columns on the left, no rows on the right.
      Fix: transpose() or reshape() one, or mul() element by element.
    matmul of batches
      ShapeError: matmul: shapes [2] and [3] do not broadcast: counted from the last axis, axis -1 has sizes 2 and 3, which must be equal or 1.
      Fix: reshape or transpose one of them, or insert an axis of size 1 with unsqueeze().
    linear of a transposed weight
      ShapeError: linear: x [2, 3] and weight [3, 4] do not fit: weight is [out, in], and the last axis of x is in.
      Fix: transpose the weight.
    linear of another size
      ShapeError: linear: x [2, 3] and weight [4, 5] do not fit: weight is [out, in], and the last axis of x is in.
    linear of a vector of weights
      ShapeError: linear: x [2, 3] and weight [3] do not fit: weight is [out, in], and the last axis of x is in.
    linear of a scalar
      ShapeError: linear: x [] and weight [2, 3] do not fit: weight is [out, in], and the last axis of x is in.
    linear with another bias
      ShapeError: linear: bias [3] does not fit weight [4, 3]: it is [4].
    linear with a bias of two axes
      ShapeError: linear: bias [1, 4] does not fit weight [4, 3]: it is [4].
    mean squared error
      ShapeError: mseLoss: prediction [2, 3] and target [2, 1] differ: a loss compares element with element and does not broadcast.
      Fix: reshape or expand one of them on purpose.
    Huber loss
      ShapeError: huberLoss: prediction [2, 3] and target [3] differ: a loss compares element with element and does not broadcast.
      Fix: reshape or expand one of them on purpose.
    mean absolute error
      ShapeError: l1Loss: prediction [2, 3] and target [] differ: a loss compares element with element and does not broadcast.
      Fix: reshape or expand one of them on purpose.
    cross entropy
      ShapeError: crossEntropyLoss: the target of logits [2, 3] is [2] (classes) or [2, 3]; got [3].
    mean absolute error without a target
      ArgumentError: l1Loss: got undefined where a tensor or number is needed.
      Fix: is an argument missing, or a name misspelled? x.T is x.transpose() here.
    Huber loss without a target
      ArgumentError: huberLoss: got undefined where a tensor or number is needed.
      Fix: is an argument missing, or a name misspelled? x.T is x.transpose() here.
    cross entropy without a target
      ArgumentError: crossEntropyLoss: got undefined where a tensor or number is needed.
      Fix: is an argument missing, or a name misspelled? x.T is x.transpose() here.
    weight of a layer norm
      ShapeError: layerNorm: weight and bias have the shape of the last axis of [2, 3]; got [2].
    bias of a layer norm
      ShapeError: layerNorm: weight and bias have the shape of the last axis of [2, 3]; got [1, 3].
    max of nothing
      ShapeError: max: [0] has no elements to choose from.
      Fix: make sure that there is one along each reduced axis, or leave empty tensors out.
    min of nothing along an axis
      ShapeError: min: [2, 0] has no elements to choose from.
      Fix: make sure that there is one along each reduced axis, or leave empty tensors out.
    argmax of nothing
      ShapeError: argmax: [0, 2] has no elements to choose from.
      Fix: make sure that there is one along each reduced axis, or leave empty tensors out.
    argmin of nothing
      ShapeError: argmin: [0] has no elements to choose from.
      Fix: make sure that there is one along each reduced axis, or leave empty tensors out.
    an update of another shape
      ShapeError: increase: shapes [3] and [2] do not broadcast: counted from the last axis, axis -1 has sizes 3 and 2, which must be equal or 1.
      Fix: reshape or transpose one of them, or insert an axis of size 1 with unsqueeze().
    an update that would grow
      ShapeError: increase: operand 1 of shape [2, 2] does not fit the updated [2].
    an update of an expanded tensor
      ShapeError: increase: an element lies in many places, as after expand().
      Fix: clone() it first.
    an update of overlapping windows
      ShapeError: increase: an element lies in many places, as after expand().
      Fix: clone() it first.
    "
  `);
});

it("say which indices there are", () => {
  expect(
    messagesOf({
      "beyond the end": () => indexSelect(a, 0, [2]),
      "before the start": () => indexSelect(a, 0, [-3]),
      "between two": () => indexSelect(a, 0, [0.5]),
      "of no entries": () => indexSelect(zeros([0]), 0, [0]),
      "one number": () => indexSelect(a, 0, any(0)),
      "an object": () => indexSelect(a, 0, any({})),
      "a tensor of two axes": () => indexSelect(a, 0, zeros([1, 1])),
      "a scalar tensor": () => indexSelect(a, 0, tensor(0)),
      "not as many as entries": () => indexAdd(a, 0, [0], 4),
      "beyond the size": () => indexAdd(a, 0, [0, 4], 4),
      "before the size": () => indexAdd(a, 0, [0, -5], 4),
      "adding along no axis": () => indexAdd(a, 2, [0], 4),
      "adding to a size below 0": () => indexAdd(a, 0, [0, 0], -1),
    }),
  ).toMatchInlineSnapshot(`
    "
    beyond the end
      AxisError: indexSelect: index 2 is outside an axis of 2: it must be from -2 to 1.
    before the start
      AxisError: indexSelect: index -3 is outside an axis of 2: it must be from -2 to 1.
    between two
      ArgumentError: indexSelect: an index is a whole number; got the number 0.5.
    of no entries
      AxisError: indexSelect: index 0 is outside an axis without entries.
    one number
      ArgumentError: indexSelect: indices are a list of whole numbers; got the number 0.
      Fix: one index is a list too: [0].
    an object
      ArgumentError: indexSelect: indices are a list of whole numbers; got an object with no keys.
      Fix: give an array, a typed array or a tensor.
    a tensor of two axes
      ShapeError: indexSelect: indices have one axis; got a tensor of shape [1, 1].
      Fix: flatten() them, and reshape the result.
    a scalar tensor
      ShapeError: indexSelect: indices have one axis; got a tensor of shape [].
      Fix: flatten() them, and reshape the result.
    not as many as entries
      AxisError: indexAdd: 1 indices for 2 entries of [2, 3].
      Fix: give one index for each entry along the axis.
    beyond the size
      AxisError: indexAdd: index 4 is outside an axis of 4: it must be from -4 to 3.
    before the size
      AxisError: indexAdd: index -5 is outside an axis of 4: it must be from -4 to 3.
    adding along no axis
      AxisError: indexAdd: axis 2 is outside a tensor of 2 axes: it must be a whole number from -2 to 1.
    adding to a size below 0
      ArgumentError: indexAdd: size, the number of entries of the result, is a whole number of at least 0; got the number -1.
    "
  `);
});

it("say which settings they take", () => {
  expect(
    messagesOf({
      "variance of one": () => ones([1]).variance(),
      "variance of as many as the correction": () => variance(a, 0, { correction: 2 }),
      "a correction as text": () => variance(a, 0, { correction: any("1") }),
      "Huber's delta of 0": () => huberLoss(a, a, { delta: 0 }),
      "Huber's delta as text": () => huberLoss(a, a, { delta: any("1") }),
      "an epsilon as text": () => layerNorm(a, undefined, undefined, any("1")),
      "a slope as text": () => leakyRelu(a, any("1")),
      "an activation by name": () => linear(a, ones([4, 3]), undefined, any("silu")),
      "norm with an unknown option": () => norm(a, 0, any({ keepDims: true })),
      "logsumexp with an unknown option": () => logsumexp(a, 0, any({ keepDims: true })),
      "max with an unknown option": () => a.max(0, any({ keepDims: true })),
      "argmax with an unknown option": () => argmax(a, 0, any({ keepDims: true })),
      "argmin with an unknown option": () => argmin(a, 0, any({ keepDims: true })),
      "logSoftmax along no axis": () => logSoftmax(a, 2),
      "norm along no axis": () => norm(a, 2),
      "logsumexp along no axis": () => logsumexp(a, 2),
      "another dtype": () => a.to(any("float16")),
      "two dtypes": () => a.add(ones([3], { dtype: "float64" })),
      "normal without a stream": () => normal([2], any(undefined)),
      "uniform of no shape": () => uniform(any(2), new Random(0)),
      "a value that is none": () => unary({ name: "f", value: any(1), derivative: 1 }),
      "one derivative of two": () => binary({ name: "f", value: (m, x, y) => m.add(x, y), derivatives: [1] }),
      "a derivative in words": () =>
        ternary({ name: "f", value: (_, x) => x, derivatives: [1, 0, any("x")] }),
      "derivatives that are no list": () =>
        quaternary({ name: "f", value: (_, x) => x, derivatives: any(1) }),
      "a leaf changed while recording": () => increase(leaf(), 1),
      "a recorded value changed": () => increase(leaf().mul(2), 1),
      "a recorded value changed without recording": () => {
        const recorded = leaf().mul(2);
        noGrad(() => increase(recorded, 1));
      },
      "a value changed before its gradient": () => {
        const [x, y] = [leaf().mul(1), leaf().reshape([2, 1])];
        const z = x.mul(y).sum();
        x.storage.markChanged();
        z.backward();
      },
    }),
  ).toMatchInlineSnapshot(`
    "
    variance of one
      ArgumentError: variance: 1 elements with correction 1 leave nothing to divide by.
      Fix: give more elements, or { correction: 0 } for the variance of a whole population.
    variance of as many as the correction
      ArgumentError: variance: 2 elements with correction 2 leave nothing to divide by.
      Fix: give more elements, or { correction: 0 } for the variance of a whole population.
    a correction as text
      ArgumentError: variance: correction is a number; got the text "1".
      Fix: convert text with Number(…) first.
    Huber's delta of 0
      ArgumentError: huberLoss: delta must be positive; got the number 0.
    Huber's delta as text
      ArgumentError: huberLoss: delta must be positive; got the text "1".
    an epsilon as text
      ArgumentError: layerNorm: epsilon is a number; got the text "1".
      Fix: convert text with Number(…) first.
    a slope as text
      ArgumentError: leakyRelu: slope is a number; got the text "1".
      Fix: convert text with Number(…) first.
    an activation by name
      ArgumentError: linear: an activation is a function of a tensor; got the text "silu".
      Fix: pass one such as silu, or leave it out.
    norm with an unknown option
      ArgumentError: norm: there is no option "keepDims".
      Fix: did you mean keepdim?
    logsumexp with an unknown option
      ArgumentError: logsumexp: there is no option "keepDims".
      Fix: did you mean keepdim?
    max with an unknown option
      ArgumentError: max: there is no option "keepDims".
      Fix: did you mean keepdim?
    argmax with an unknown option
      ArgumentError: argmax: there is no option "keepDims".
      Fix: did you mean keepdim?
    argmin with an unknown option
      ArgumentError: argmin: there is no option "keepDims".
      Fix: did you mean keepdim?
    logSoftmax along no axis
      AxisError: logSoftmax: axis 2 is outside a tensor of 2 axes: it must be a whole number from -2 to 1.
    norm along no axis
      AxisError: norm: axis 2 is outside a tensor of 2 axes: it must be a whole number from -2 to 1.
    logsumexp along no axis
      AxisError: logsumexp: axis 2 is outside a tensor of 2 axes: it must be a whole number from -2 to 1.
    another dtype
      DtypeError: to: unknown dtype "float16".
      Fix: use "float32" (the default) or "float64".
    two dtypes
      DtypeError: add: operands have dtypes float32 and float64; they must be the same.
      Fix: convert one with .to("float32").
    normal without a stream
      ArgumentError: normal: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    uniform of no shape
      ShapeError: uniform: a shape is an array of whole numbers; got the number 2.
      Fix: put all sizes into one array: uniform([2]); [] is the shape of a scalar.
    a value that is none
      ArgumentError: unary("f"): value is an expression; got the number 1.
      Fix: write (m, x) => …
    one derivative of two
      ArgumentError: binary("f"): needs 2 derivatives, one for each operand; got 1.
      Fix: write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.
    a derivative in words
      ArgumentError: ternary("f"): a derivative is an expression or a number; got the text "x".
      Fix: write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.
    derivatives that are no list
      ArgumentError: quaternary("f"): needs 4 derivatives, one for each operand; got 0.
      Fix: write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.
    a leaf changed while recording
      TapeError: increase: a leaf that requires gradients cannot be changed in place while operations are recorded.
      Fix: wrap the change in noGrad(() => …).
    a recorded value changed
      TapeError: increase: a recorded value cannot be changed in place: its past would no longer explain it.
      Fix: change a detach().clone() of it.
    a recorded value changed without recording
      TapeError: increase: a recorded value cannot be changed in place: its past would no longer explain it.
      Fix: change a detach().clone() of it.
    a value changed before its gradient
      TapeError: mul: a value that its gradient needs was changed in place after it was computed (operands [2], [2, 1]).
      Fix: change it after backward(), or change a clone().
    "
  `);
});

it("take undefined for what may be left out, also before what is given", () => {
  const x = tensor([1, 3]);
  const normal = layerNorm(x.to("float64")).toArray() as number[];
  expect(layerNorm(x, undefined, tensor([1, 2])).toArray()).toEqual(
    [normal[0] + 1, normal[1] + 2].map(Math.fround),
  );
  expect(layerNorm(x, tensor([2, 4])).toArray()).toEqual([2 * normal[0], 4 * normal[1]].map(Math.fround));
  expect(layerNorm(x, undefined, undefined, 3).toArray()).toEqual([-0.5, 0.5]);
});

it("name themselves where an operand is no tensor", () => {
  expect(words.length).toBeGreaterThan(50);
  for (const { name, f, calls } of words) {
    const call = f as unknown as (...values: unknown[]) => unknown;
    const error = errorOf(() => call("x", "x", "x", "x"));
    expect(error).toBeInstanceOf(halograd.HalogradError);
    expect(error.message).toBe(
      calls?.takesList
        ? `${name}: takes a list of tensors; got the text "x".\n  Fix: put the tensors into an array: ${name}([a, b]).`
        : `${name}: got the text "x" where a tensor or number is needed.\n  Fix: wrap values with tensor(…).`,
    );
  }
});

const AXES: readonly unknown[] = ["axis", "axes", "new axis"];
const withAxes = words.flatMap(({ name, f, calls, examples, operation }) =>
  (calls?.settings ?? []).flatMap((domain, place) =>
    AXES.includes(domain)
      ? [{ name, f, place, calls, arity: (operation?.examples ?? examples)?.[0]?.shapes.length ?? 1 }]
      : [],
  ),
);

it.each(withAxes)(
  "$name names itself where its setting $place is no axis of the operand",
  ({ name, f, place, calls, arity }) => {
    const call = f as unknown as (...values: unknown[]) => unknown;
    const x = ones([2, 3]);
    const tensors: unknown[] = calls!.takesList ? [[x, x]] : Array(arity).fill(x);
    // Other settings before it are such as do for any call.
    const before = calls!.settings!.slice(0, place).map((domain) => (AXES.includes(domain) ? 0 : 1));
    for (const axis of [9, -9, 0.5]) {
      const { message } = errorOf(() => call(...tensors, ...before, axis));
      expect(message).toMatch(new RegExp(`^${name}: ax[ie]s .*${axis}`));
    }
  },
);

it("tell whoever hands over a function to call it", () => {
  expect(() => a.add(any(ones))).toThrow(
    "add: got a function where a tensor or number is needed.\n  Fix: call it: f(x).",
  );
});
