/** What the operations that are functions only tell whoever hands them operands that do not fit, and what the laws cannot hold them to. */

import { describe, expect, it } from "vitest";
import {
  argsort,
  averagePool,
  binaryCrossEntropyWithLogits,
  cholesky,
  conv1d,
  conv2d,
  crossEntropyLoss,
  diagonal,
  einsum,
  eye,
  gather,
  hessian,
  jacobian,
  maskedFill,
  matmul,
  maxPool,
  oneHot,
  ones,
  outer,
  pad,
  perSampleGrad,
  prod,
  repeat,
  roll,
  scatterAdd,
  solve,
  sort,
  split,
  stack,
  sumTo,
  type Tensor,
  tensor,
  topk,
  tril,
  unbind,
  unfold,
  vectorNorm,
  zeros,
} from "../../src/index.ts";
import { checkGradients } from "../../src/testing/index.ts";
import { errorOf, messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
const a = ones([2, 3]);

it("say what does not fit, and what would", () => {
  expect(
    messagesOf({
      "gather by a list": () => gather(a, 1, any([0, 1])),
      "gather by another shape": () => gather(a, 1, zeros([3, 1])),
      "gather beyond the axis": () => gather(a, 1, tensor([[0], [3]])),
      "gather by an index of more axes": () => gather(a, 1, zeros([1, 2, 3])),
      "scatter along no axis": () => scatterAdd(a, 2, zeros([2, 3]), 4),
      "scatter into a text": () => scatterAdd(a, 1, zeros([2, 3]), any("4")),
      "a sum to a text": () => sumTo(a, any("[3]")),
      "gather between two": () => gather(a, 1, tensor([[0], [0.5]])),
      "scatter by fewer": () => scatterAdd(a, 1, zeros([2, 2]), 4),
      "a mask that is larger": () => maskedFill(ones([3]), a, 0),
      "a fill as text": () => maskedFill(a, a, any("0")),
      "pad by one number": () => pad(a, any(1)),
      "pad by flat numbers": () => pad(a, any([1, 1])),
      "pad of more axes": () => pad(ones([2]), [[0, 0], [1, 1]]), // biome-ignore format: one line.
      "pad by less than nothing": () => pad(a, [[-1, 0]]),
      "pad with a text": () => pad(a, [[0, 1]], any("0")),
      "repeat along fewer axes": () => repeat(a, [2]),
      "roll by two along one": () => roll(a, [1, 2], 0),
      "roll by half": () => roll(a, 0.5, 0),
      "a triangle of a vector": () => tril(ones([3])),
      "a diagonal by half": () => diagonal(a, 0.5),
      "an outer product of matrices": () => outer(a, a),
      "split by what does not add up": () => split(a, [1, 1], 1),
      "split by nothing": () => split(a, 0),
      "split by less than nothing": () => split(a, [-1, 4], 1),
      "split by halves": () => split(a, [1.5, 1.5], 1),
      "argsort of more than can be counted": () => argsort(zeros([1]).expand([2 ** 24 + 1])),
      "topk of too many": () => topk(a, 4),
      "sort with an unknown option": () => sort(a, 0, any({ reverse: true })),
      "a label that is no class": () => oneHot([3], 3),
      "a label below 0": () => oneHot([-1], 3),
      "cross entropy of a class beyond": () => crossEntropyLoss(a, tensor([0, 3])),
      "cross entropy of a class below 0": () => crossEntropyLoss(a, tensor([0, -1])),
      "cross entropy of classes in a column": () => crossEntropyLoss(a, zeros([2, 1])),
      "cross entropy the other way round": () => crossEntropyLoss(zeros([2]), a),
      "binary cross entropy of a column": () => binaryCrossEntropyWithLogits(ones([2, 1]), ones([2])),
      "binary cross entropy with a column": () => binaryCrossEntropyWithLogits(ones([2]), ones([2, 1])),
      "cross entropy with a word": () => crossEntropyLoss(a, a, { reduction: any("avg") }),
      "binary cross entropy of other shapes": () => binaryCrossEntropyWithLogits(a, ones([2])),
      "einsum without letters": () => einsum("12->1", a),
      "einsum of fewer operands": () => einsum("ij,jk", a),
      "einsum of other ranks": () => einsum("ijk->i", a),
      "einsum of sizes that differ": () => einsum("ij,jk->ik", a, a),
      "einsum of a diagonal that is none": () => einsum("ii->i", a),
      "einsum with dots twice": () => einsum("i...j...->i", a),
      "einsum with two dots": () => einsum("i..->i", a),
      "einsum by a number": () => einsum(any(1), a),
      "einsum to an unknown axis": () => einsum("ij->k", a),
      "einsum of a number of tensors in a list": () => einsum("ij->i", any([a])),
      "unfold by a number": () => unfold(a, any(2)),
      "unfold of fewer axes": () => unfold(a, [1, 1, 1]),
      "unfold by nothing": () => unfold(a, []),
      "unfold by too much": () => unfold(a, [4]),
      "unfold by too much where it is spread": () => unfold(ones([1, 5]), [3], { dilation: 3 }),
      "a stride of 0": () => maxPool(a, [1], { stride: 0 }),
      "padding as wide as a window": () => maxPool(a, [2], { padding: 2 }),
      "padding of one axis as wide as a window": () =>
        averagePool(a, [1, 2], { padding: [0, 3], dilation: 2 }),
      "conv1d of a matrix": () => conv1d(a, ones([1, 2, 2])),
      "conv2d of other channels": () => conv2d(ones([1, 2, 4, 4]), ones([1, 3, 2, 2])),
      "conv2d in two groups": () => conv2d(ones([1, 4, 4, 4]), ones([3, 2, 2, 2]), undefined, { groups: 2 }),
      "conv2d in half a group": () =>
        conv2d(ones([1, 4, 4, 4]), ones([3, 4, 2, 2]), undefined, { groups: 0.5 }),
      "conv2d with another bias": () => conv2d(ones([1, 3, 4, 4]), ones([1, 3, 2, 2]), ones([2])),
      "conv1d with a bias of two axes": () => conv1d(ones([1, 3, 4]), ones([2, 3, 2]), ones([2, 1])),
      "solve with a vector": () => solve(eye(3), ones([3])),
      "solve of a singular matrix": () => solve(ones([2, 2]), ones([2, 1])),
      "cholesky of a negative matrix": () => cholesky(eye(2).neg()),
      "cholesky of two, of which one is not positive": () => cholesky(stack([eye(2), eye(2).neg()])),
      "cholesky of a rectangle": () => cholesky(a),
      "vectorNorm without p": () => vectorNorm(a, any(undefined)),
      "jacobian at a number": () => jacobian((x) => x, any(1)),
      "hessian of a vector": () => hessian((x) => x, ones([2])),
      "gradients for each of two batches": () =>
        perSampleGrad((w: Tensor, x: Tensor, y: Tensor) => w.mul(x).mul(y).sum())(
          ones([1]),
          ones([2]),
          ones([3]),
        ),
    }),
  ).toMatchInlineSnapshot(`
    "
    gather by a list
      ArgumentError: gather: indices are a tensor of 2 axes; got an array of 2.
      Fix: write tensor([[0, 2], [1, 1]]); a list of entries for all is for indexSelect().
    gather by another shape
      ShapeError: gather: indices [3, 1] do not fit [2, 3] along axis 1: sizes may differ on that axis only.
      Fix: slice or expand one of them first.
    gather beyond the axis
      AxisError: gather: index 3 is outside an axis of 3: it must be from -3 to 2.
    gather by an index of more axes
      ShapeError: gather: indices [1, 2, 3] do not fit [2, 3] along axis 1: sizes may differ on that axis only.
      Fix: slice or expand one of them first.
    scatter along no axis
      AxisError: scatterAdd: axis 2 is outside a tensor of 2 axes: it must be a whole number from -2 to 1.
    scatter into a text
      ArgumentError: scatterAdd: size, the number of entries of the result, is a whole number of at least 0; got the text "4".
    a sum to a text
      ShapeError: sumTo: a shape is an array of whole numbers; got the text "[3]".
      Fix: put all sizes into one array: sumTo([2, 3]); [] is the shape of a scalar.
    gather between two
      ArgumentError: gather: an index is a whole number; got the number 0.5.
    scatter by fewer
      ShapeError: scatterAdd: indices [2, 2] do not fit [2, 3] along axis 1: sizes may differ on that axis only, and for each element there is one index.
      Fix: slice or expand one of them first.
    a mask that is larger
      ShapeError: maskedFill: a mask of shape [2, 3] has more elements than [3].
      Fix: expand the tensor first, or give a mask that broadcasts to its shape.
    a fill as text
      ArgumentError: maskedFill: value is a number; got the text "0".
      Fix: convert text with Number(…) first.
    pad by one number
      ArgumentError: pad: widths are pairs of whole numbers of at least 0; got the number 1.
      Fix: write [[before, after], …], a pair for each of the last axes.
    pad by flat numbers
      ArgumentError: pad: widths are pairs of whole numbers of at least 0; got [the number 1, the number 1].
      Fix: write [[before, after], …], a pair for each of the last axes.
    pad of more axes
      ShapeError: pad: 2 pairs of widths for the 1 axes of [2].
    pad by less than nothing
      ArgumentError: pad: widths are pairs of whole numbers of at least 0; got [[-1, 0]].
      Fix: write [[before, after], …], a pair for each of the last axes.
    pad with a text
      ArgumentError: pad: value is a number; got the text "0".
      Fix: convert text with Number(…) first.
    repeat along fewer axes
      ShapeError: repeat: 1 numbers for the 2 axes of [2, 3].
      Fix: give one for each axis; 1 leaves it as it is.
    roll by two along one
      ArgumentError: roll: got 2 shifts for 1 axes.
      Fix: give one for each.
    roll by half
      ArgumentError: roll: a shift is a whole number; got the number 0.5.
    a triangle of a vector
      AxisError: tril: takes matrices, at least two axes; got [3].
    a diagonal by half
      ArgumentError: diagonal: the number of the diagonal is whole; got the number 0.5.
      Fix: 0 is the main one.
    an outer product of matrices
      ShapeError: outer: takes two vectors; got [2, 3] and [2, 3].
      Fix: flatten() them first; of batches, x.unsqueeze(-1).mul(y.unsqueeze(-2)).
    split by what does not add up
      AxisError: split: sizes [1, 1] add up to 2; axis 1 of [2, 3] has 3.
    split by nothing
      ArgumentError: split: sizes are a whole number of at least 1, or a list of whole numbers of at least 0; got the number 0.
      Fix: write split(x, 2) for parts of two entries each.
    split by less than nothing
      ArgumentError: split: sizes are a whole number of at least 1, or a list of whole numbers of at least 0; got [-1, 4].
      Fix: write split(x, 2) for parts of two entries each.
    split by halves
      ArgumentError: split: sizes are a whole number of at least 1, or a list of whole numbers of at least 0; got [1.5, 1.5].
      Fix: write split(x, 2) for parts of two entries each.
    argsort of more than can be counted
      ShapeError: argsort: an index up to 16777217 is not exact in float32 (limit 2^24).
    topk of too many
      AxisError: topk: 4 elements of axis 1 of [2, 3], which has 3.
    sort with an unknown option
      ArgumentError: sort: there is no option "reverse".
      Fix: the options are descending.
    a label that is no class
      AxisError: oneHot: index 3 is outside an axis of 3: it must be from 0 to 2.
    a label below 0
      AxisError: oneHot: index -1 is outside an axis of 3: it must be from 0 to 2.
    cross entropy of a class beyond
      AxisError: crossEntropyLoss: index 3 is outside an axis of 3: it must be from 0 to 2.
    cross entropy of a class below 0
      AxisError: crossEntropyLoss: index -1 is outside an axis of 3: it must be from 0 to 2.
    cross entropy of classes in a column
      ShapeError: crossEntropyLoss: the target of logits [2, 3] is [2] (classes) or [2, 3]; got [2, 1].
      Fix: write target.squeeze(1).
    cross entropy the other way round
      ShapeError: crossEntropyLoss: the target of logits [2] is [] (classes) or [2]; got [2, 3].
      Fix: the logits come first.
    binary cross entropy of a column
      ShapeError: binaryCrossEntropyWithLogits: logits [2, 1] and target [2] differ: a loss compares element with element and does not broadcast.
      Fix: write logits.squeeze(1).
    binary cross entropy with a column
      ShapeError: binaryCrossEntropyWithLogits: logits [2] and target [2, 1] differ: a loss compares element with element and does not broadcast.
      Fix: write target.squeeze(1).
    cross entropy with a word
      ArgumentError: crossEntropyLoss: the reduction is mean, sum or none; got the text "avg".
    binary cross entropy of other shapes
      ShapeError: binaryCrossEntropyWithLogits: logits [2, 3] and target [2] differ: a loss compares element with element and does not broadcast.
      Fix: reshape or expand one of them on purpose.
    einsum without letters
      ArgumentError: einsum: an equation names axes by letters; got the text "12->1".
      Fix: write einsum("ij,jk->ik", a, b).
    einsum of fewer operands
      ArgumentError: einsum: the equation ij,jk is for 2 operands; got 1.
    einsum of other ranks
      ShapeError: einsum: "ijk" of ijk->i does not name the 2 axes of [2, 3].
      Fix: give each axis a letter; ... stands for any number of axes.
    einsum of sizes that differ
      ShapeError: einsum: axis j is 3 in [2, 3] and 2 in [2, 3].
    einsum of a diagonal that is none
      ShapeError: einsum: axis i of [2, 3] is 2 in one place and 3 in another.
    einsum with dots twice
      ArgumentError: einsum: "i...j..." of i...j...->i has dots other than one "...".
    einsum with two dots
      ArgumentError: einsum: "i.." of i..->i has dots other than one "...".
    einsum by a number
      ArgumentError: einsum: an equation names axes by letters; got the number 1.
      Fix: write einsum("ij,jk->ik", a, b).
    einsum to an unknown axis
      ArgumentError: einsum: the result of ij->k has the axis k that no operand has.
    einsum of a number of tensors in a list
      ArgumentError: einsum: got an array of 1 where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    unfold by a number
      ArgumentError: unfold: the sizes of a window are a list, one for each of the last axes of [2, 3]; got the number 2.
      Fix: write [3] for one axis, [3, 3] for images.
    unfold of fewer axes
      ArgumentError: unfold: the sizes of a window are a list, one for each of the last axes of [2, 3]; got [1, 1, 1].
      Fix: write [3] for one axis, [3, 3] for images.
    unfold by nothing
      ArgumentError: unfold: the sizes of a window are a list, one for each of the last axes of [2, 3]; got [].
      Fix: write [3] for one axis, [3, 3] for images.
    unfold by too much
      ShapeError: unfold: a window of [4] is larger than the last axes of [2, 3].
      Fix: pad the axes, or make the window smaller.
    unfold by too much where it is spread
      ShapeError: unfold: a window of [3], spread by [3], is larger than the last axes of [1, 5].
      Fix: pad the axes, or make the window smaller.
    a stride of 0
      ArgumentError: maxPool: stride is a whole number of at least 1, or one for each of 1 axes; got the number 0.
    padding as wide as a window
      ArgumentError: maxPool: padding of 2 leaves windows that reach over 2 with nothing but padding.
      Fix: pad by at most 1, or call pad() first.
    padding of one axis as wide as a window
      ArgumentError: averagePool: padding of 3 leaves windows that reach over 3 with nothing but padding.
      Fix: pad by at most 2, or call pad() first.
    conv1d of a matrix
      ShapeError: conv1d: x [2, 3] and weight [1, 2, 2] do not fit: x is [batch, in, length], the weight [out, in, size].
      Fix: unsqueeze(0) makes a batch of one.
    conv2d of other channels
      ShapeError: conv2d: x [1, 2, 4, 4] and weight [1, 3, 2, 2] do not fit: x is [batch, in, height, width], the weight [out, in, height, width].
    conv2d in two groups
      ShapeError: conv2d: x [1, 4, 4, 4] and weight [3, 2, 2, 2] do not fit: in 2 groups, x is [batch, in, height, width], the weight [out, in / 2, height, width], and out a multiple of 2.
    conv2d in half a group
      ArgumentError: conv2d: groups, the number of parts of the channels, is a whole number of at least 1; got the number 0.5.
    conv2d with another bias
      ShapeError: conv2d: bias [2] does not fit weight [1, 3, 2, 2]: it is [1].
    conv1d with a bias of two axes
      ShapeError: conv1d: bias [2, 1] does not fit weight [2, 3, 2]: it is [2].
    solve with a vector
      ShapeError: solve: [3, 3] and [3] do not fit: A is [..., n, n], B is [..., n, k].
      Fix: a vector is a matrix of one column: b.unsqueeze(-1), and squeeze(-1) the result.
    solve of a singular matrix
      ArgumentError: solve: a matrix is singular: its rows depend on each other.
      Fix: look for rows that are equal or 0, or add a small multiple of the identity.
    cholesky of a negative matrix
      ArgumentError: cholesky: the matrix is not positive definite.
      Fix: add a small multiple of the identity, where rounding made it so.
    cholesky of two, of which one is not positive
      ArgumentError: cholesky: matrix 1 is not positive definite.
      Fix: add a small multiple of the identity, where rounding made it so.
    cholesky of a rectangle
      ShapeError: cholesky: takes square matrices, [..., n, n]; got [2, 3].
    vectorNorm without p
      ArgumentError: vectorNorm: p is a number; got undefined.
    jacobian at a number
      ArgumentError: jacobian: takes a tensor; got the number 1.
      Fix: wrap values with tensor(…).
    hessian of a vector
      TapeError: hessian: the function returned [2], but only a scalar has a gradient.
      Fix: end it with sum() or mean(), or use vjp() with a cotangent.
    gradients for each of two batches
      ShapeError: perSampleGrad: batches have examples along their first axis, one at least and all as many; got [2], [3].
    "
  `);
});

describe("parts", () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: one line.

  it("are split evenly with a smaller one at the end, and by sizes", () => {
    expect(split(x, 2, 1).map((part) => part.toArray())).toEqual([
      [[1, 2], [4, 5]], // biome-ignore format: one line.
      [[3], [6]],
    ]);
    expect(split(x, [0, 3, 0], -1).map(({ shape }) => shape)).toEqual([
      [2, 0],
      [2, 3],
      [2, 0],
    ]);
    expect(split(zeros([0, 2]), 2).map(({ shape }) => shape)).toEqual([[0, 2]]);
  });

  it("are unbound along any axis, and pass gradients back", () => {
    expect(unbind(x, 1).map((part) => part.toArray())).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    checkGradients(
      (y: Tensor) => {
        const [first, , last] = unbind(y, 1);
        return first.mul(last).sum();
      },
      [x],
    );
  });
});

describe("order", () => {
  it("puts NaN behind everything, and keeps equal elements in theirs", () => {
    const x = tensor([NaN, 2, -Infinity, 2, Infinity]);
    expect(argsort(x).toArray()).toEqual([2, 1, 3, 4, 0]);
    expect(argsort(x, 0, { descending: true }).toArray()).toEqual([0, 4, 1, 3, 2]);
    expect(topk(x, 2, 0, { smallest: true }).values.toArray()).toEqual([-Infinity, 2]);
  });
});

describe("products of nothing and with zeros", () => {
  it("are 1, and have the products of others for slopes", () => {
    expect(prod(zeros([0])).item()).toBe(1);
    for (const values of [[2, 0, 3], [0, 2, 0]]) checkGradients((x: Tensor) => prod(x), [tensor(values)]); // biome-ignore format: one line.
  });
});

describe("derivatives at once", () => {
  it("have the shapes of result and operand, and nest", () => {
    const x = tensor([[1, 2], [3, 4]]); // biome-ignore format: one line.
    expect(jacobian((x) => x.sum(0), x).shape).toEqual([2, 2, 2]);
    expect(jacobian((x) => x.sum(), tensor(2)).toArray()).toBe(1);
    // Of x³, six times x on the diagonal of diagonals.
    const third = jacobian((x) => hessian((x) => x.pow(3).sum(), x), tensor([1, 2]));
    expect(third.toArray()).toEqual([
      [[6, 0], [0, 0]], // biome-ignore format: one line.
      [[0, 0], [0, 6]], // biome-ignore format: one line.
    ]);
  });

  it("are those of each example alone, for trees of parameters", () => {
    const loss = ({ w, b }: { w: Tensor; b: Tensor }, x: Tensor, y: Tensor): Tensor =>
      w.mul(x).sum().add(b).sub(y).square();
    const { w, b } = perSampleGrad(loss)(
      { w: tensor([1, 2]), b: tensor(0.5) },
      tensor([[1, 0], [0, 1]]), // biome-ignore format: one line.
      tensor([0, 1]),
    );
    expect(w.toArray()).toEqual([[3, 0], [0, 3]]); // biome-ignore format: one line.
    expect(b.toArray()).toEqual([3, 3]);
  });
});

it("einsum has gradients that agree with differences, to second order, and its name on the tape", () => {
  const operands: [Tensor, Tensor] = [ones([2, 3]).mul(0.5), ones([3, 2]).mul(1.25)];
  checkGradients((p: Tensor, q: Tensor) => einsum("ij,jk->ki", p, q), operands);
  checkGradients((p: Tensor, q: Tensor) => einsum("ij,ji->i", p, q), operands);
  const leaf = tensor([[1, 2]], { requiresGrad: true });
  expect(einsum("ij->j", leaf).node?.scope).toBe("einsum");
  expect(() => einsum("ij->j", any("x"))).toThrow(/^einsum: got the text "x"/);
});

it.each<[mistake: () => unknown, message: string]>([
  [
    () => conv1d(ones([1, 2, 4]), ones([1, 2, 2, 2])),
    "conv1d: x [1, 2, 4] and weight [1, 2, 2, 2] do not fit: ",
  ],
  [() => conv1d(ones([1, 2, 4]), ones([2])), "conv1d: x [1, 2, 4] and weight [2] do not fit: "],
  [
    () => conv1d(ones([1, 1, 4]), ones([1, 1, 2]), undefined, { padding: -1 }),
    "conv1d: padding is a whole number of at least 0, or ",
  ],
  [
    () => maxPool(ones([4]), [2], { stride: [1, 1] }),
    "maxPool: stride is a whole number of at least 1, or one for each of 1 axes; got [1, 1]",
  ],
  [
    () => maxPool(ones([4]), [2], { padding: [0, 0] }),
    "maxPool: padding is a whole number of at least 0, or one for each of 1 axes; got [0, 0]",
  ],
  [() => solve(ones([2, 3]), ones([2, 1])), "solve: [2, 3] and [2, 1] do not fit: "],
  [() => einsum("ij->ii", a), "einsum: the result of ij->ii has the axis i twice."],
  [() => einsum("ij->ik", a), "einsum: the result of ij->ik has the axis k that no operand has."],
  [() => einsum("ij", a, a), "einsum: "],
  [() => einsum("ij", any("x")), 'einsum: got the text "x" where'],
  [() => sumTo(any("x"), [1]), 'sumTo: got the text "x" where'],
  [() => matmul(a, tensor(2)), "matmul: "],
  [() => matmul(tensor(2), a), "matmul: "],
  [
    () =>
      zeros([1])
        .expand([2 ** 24 + 1])
        .argmax(0),
    "argmax: an index up to 16777217 is not exact in float32 (limit 2^24).",
  ],
  [
    () => ones([2]).slice(0, 1),
    "slice: 2 ranges for the 1 axes of [2].\n  Fix: [0, 1] is one range, from start to end.",
  ],
])("%s", (mistake, message) => {
  expect(errorOf(mistake).message.slice(0, message.length)).toBe(message);
});

it("no other remedy is told where ranges are no numbers", () => {
  expect(errorOf(() => ones([2]).slice(0, [0, 1])).message).toBe("slice: 2 ranges for the 1 axes of [2].");
  expect(errorOf(() => ones([2]).slice(0, 0, 0, 0)).message).toBe("slice: 4 ranges for the 1 axes of [2].");
});

it("the norm of order 0 counts, those of ±∞ take an end, and einsum takes axes with and without names", () => {
  const x = tensor([
    [3, 0, -4],
    [0, 0, 2],
  ]);
  expect(vectorNorm(x, 0).item()).toBe(3);
  expect(vectorNorm(x, 0, 1, { keepdim: true }).toArray()).toEqual([[2], [1]]);
  expect([vectorNorm(x, Infinity).item(), vectorNorm(x, -Infinity).item()]).toEqual([4, 0]);
  expect(einsum("...->...", x).toArray()).toEqual(x.toArray());
  expect(einsum("...j->j", x).toArray()).toEqual([3, 0, -2]);
  expect(einsum("ij->ji", x).toArray()).toEqual(x.transpose().toArray());
  expect(einsum("ij,...->...ji", x, tensor([1, 2])).shape).toEqual([2, 3, 2]);
  const many = ones([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
  // Against NumPy: axes behind dots keep their order, where there is a result and where there is none.
  const y = tensor(
    Float32Array.from({ length: 120 }, (_, i) => i),
    [2, 3, 4, 5],
  );
  expect(einsum("...ij->...ji", y).toArray()).toEqual(y.transpose().toArray());
  expect(einsum("i...->...", y).toArray()).toEqual(y.sum(0).toArray());
  expect(einsum("...j", y).toArray()).toEqual(y.toArray());
  const [p, q] = [y.slice(null, [0, 1]), y.transpose().slice([0, 1])];
  expect(einsum("...ij,...jk->...ik", p, q).toArray()).toEqual(p.matmul(q).toArray());
  expect(einsum("...ij,...jk", p, q).toArray()).toEqual(p.matmul(q).toArray());
  expect(einsum("...,...->...", many, ones([3, 1])).shape).toEqual([...Array(10).fill(1), 3, 2]);
});
