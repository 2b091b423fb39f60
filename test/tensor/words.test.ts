/** What is said of own operations, comparisons and conversions, word by word; and what a method's name tells of its receiver. */

import { inspect } from "node:util";
import { expect, test } from "vitest";
import {
  allClose,
  apply,
  binary,
  equals,
  evaluate,
  oneHot,
  silu,
  type Tensor,
  tensor,
  unary,
  where,
  zeros,
} from "../../src/index.ts";
import { messagesOf } from "../messages.ts";

// biome-ignore lint/suspicious/noExplicitAny: the mistakes are those of programs without types
type Untyped = any;
const any = (value: unknown): never => value as never;
const leaf = (): Tensor => tensor([1, 2], { requiresGrad: true });
const doubling = {
  name: "double",
  shape: ([x]: Untyped) => x.shape,
  compute: (output: Untyped, _: Untyped, [x]: Untyped) =>
    output.storage.data.set(x.toTypedArray().map((value: number) => 2 * value)),
  gradient: (cotangent: Tensor) => cotangent.mul(2),
  reads: "nothing",
};
const own = (change: object, x: Tensor = leaf()): Tensor => apply(any({ ...doubling, ...change }), [x], {});
const slope = (change: object): void => {
  own(change).sum().backward();
};
const expression = (value: (m: Untyped, x: Untyped) => unknown): unknown =>
  unary(any({ name: "mine", value }));

test("mistakes in records are told in full", () => {
  expect(
    messagesOf({
      "no record": () => apply(any(undefined), [leaf()], {}),
      "a record without a name": () => own({ name: undefined }),
      "a record without a shape": () => own({ shape: undefined }),
      "a record without a computation": () => own({ compute: 3 }),
      "a gradient that is no function": () => own({ gradient: 2 }),
      "a record that does not say what it reads": () => own({ reads: "input" }),
      "a record with another field": () => own({ backward: () => {} }),
      "a class for a record": () => apply(any(class Mine {}), [leaf()], {}),
      "a function for a record": () => apply(any(silu), [leaf()], {}),
      "no list of operands": () => apply(any(doubling), any(3), {}),
      "an operand that is text": () => apply(any(doubling), any(["x"]), {}),
      "no gradient rule where one is needed": () => own({ gradient: undefined }),
      "reads of an operand that there is not": () => own({ reads: [[1]] }),
      "reads of half an operand": () => own({ reads: [[0.5]] }),
      "reads that are no lists": () => own({ reads: [0] }),
      "too few reads": () => own({ reads: [] }),
      "reads of which one is wrong": () => apply(any({ ...doubling, reads: [[0], 1] }), [leaf(), leaf()], {}),
      "a computation that returns": () =>
        own({ compute: (_: Untyped, __: Untyped, [x]: Untyped) => x.mul(2) }),
      "a computation that waits": () => own({ compute: async () => {} }),
      "a shape of text": () => own({ shape: () => "2" }),
      "a rule that returns all gradients": () => slope({ gradient: (cotangent: Tensor) => [cotangent] }),
      "a rule that returns nothing": () => slope({ gradient: () => undefined }),
      "a rule of another dtype": () => slope({ gradient: (cotangent: Tensor) => cotangent.to("float64") }),
      "a rule of another shape": () => slope({ gradient: () => zeros([3]) }),
    }),
  ).toMatchInlineSnapshot(`
    "
    no record
      ArgumentError: apply: an operation is a record with a name; got undefined.
      Fix: write { name, shape, compute, gradient, reads: "nothing" }; reads names what the gradient rule looks at beside the cotangent.
    a record without a name
      ArgumentError: apply: an operation is a record with a name; got an object with name, shape, compute, gradient.
      Fix: write { name, shape, compute, gradient, reads: "nothing" }; reads names what the gradient rule looks at beside the cotangent.
    a record without a shape
      ArgumentError: apply: the record of double needs the functions shape and compute.
      Fix: write { name, shape, compute, gradient, reads: "nothing" }; reads names what the gradient rule looks at beside the cotangent.
    a record without a computation
      ArgumentError: apply: the record of double needs the functions shape and compute.
      Fix: write { name, shape, compute, gradient, reads: "nothing" }; reads names what the gradient rule looks at beside the cotangent.
    a gradient that is no function
      ArgumentError: apply: the gradient of double is a function; got the number 2.
      Fix: write { name, shape, compute, gradient, reads: "nothing" }; reads names what the gradient rule looks at beside the cotangent.
    a record that does not say what it reads
      ArgumentError: apply: the record of double needs reads, which says what its gradient rule reads: nothing, inputs, output, both, or a list for each operand.
      Fix: write { name, shape, compute, gradient, reads: "nothing" }; reads names what the gradient rule looks at beside the cotangent.
    a record with another field
      ArgumentError: double: there is no option "backward".
      Fix: the options are name, shape, compute, value, view, gradient, part, dtype, reads, examples, calls.
    a class for a record
      ArgumentError: apply: the record of Mine needs the functions shape and compute.
      Fix: write an object with its functions, as the example of apply does; they need no class.
    a function for a record
      ArgumentError: apply: an operation is a record with a name; got a function.
      Fix: give its record: silu.operation.
    no list of operands
      ArgumentError: double: takes a list of tensors; got the number 3.
      Fix: write apply(double, [x], attributes).
    an operand that is text
      ArgumentError: double: got the text "x" where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    no gradient rule where one is needed
      TapeError: double: has no gradient rule, and operand 0 is being differentiated: its gradient would be 0.
      Fix: write gradient(cotangent, node, index); gradient: () => null says that it stops here.
    reads of an operand that there is not
      ArgumentError: double: reads lists for each of the 1 operands which ones its rule reads; got [[1]].
      Fix: an operand is a number from 0 to 0, and the output is -1; "both" stands for all.
    reads of half an operand
      ArgumentError: double: reads lists for each of the 1 operands which ones its rule reads; got [[0.5]].
      Fix: an operand is a number from 0 to 0, and the output is -1; "both" stands for all.
    reads that are no lists
      ArgumentError: double: reads lists for each of the 1 operands which ones its rule reads; got [0].
      Fix: an operand is a number from 0 to 0, and the output is -1; "both" stands for all.
    too few reads
      ArgumentError: double: reads lists for each of the 1 operands which ones its rule reads; got [].
      Fix: an operand is a number from 0 to 0, and the output is -1; "both" stands for all.
    reads of which one is wrong
      ArgumentError: double: reads lists for each of the 2 operands which ones its rule reads; got [[0],1].
      Fix: an operand is a number from 0 to 1, and the output is -1; "both" stands for all.
    a computation that returns
      ArgumentError: double: compute returns a tensor of shape [2], and stored nothing.
      Fix: store the elements: output.storage.set(i, value), or output.storage.data.set(values).
    a computation that waits
      ArgumentError: double: compute is async, and the value is taken when it returns.
      Fix: await what it needs before apply, and hand it over as attributes.
    a shape of text
      ShapeError: double: a shape is an array of whole numbers; got the text "2".
      Fix: put all sizes into one array: double([2, 3]); [] is the shape of a scalar.
    a rule that returns all gradients
      ArgumentError: double: its gradient rule returns an array of 1 for operand 0.
      Fix: it is called for each operand, and returns one tensor: that of \`index\`.
    a rule that returns nothing
      ArgumentError: double: its gradient rule returns undefined for operand 0.
      Fix: return a tensor of float32, or null where the operand has no influence.
    a rule of another dtype
      DtypeError: double: its gradient rule returns float64 for operand 0.
      Fix: return a tensor of float32, or null where the operand has no influence.
    a rule of another shape
      ShapeError: double: its gradient rule gives [3] for operand 0 of shape [2].
      Fix: a gradient has the shape of its operand; sum over the axes that were broadcast (sumTo).
    "
  `);
});

test("mistakes in expressions are told in full", () => {
  expect(
    messagesOf({
      "no expression": () => unary(any(undefined)),
      "no name": () => unary(any({ value: (_: Untyped, x: Untyped) => x })),
      "no value": () => unary(any({ name: "mine" })),
      "another field": () => unary(any({ name: "mine", value: (_: Untyped, x: Untyped) => x, slope: 1 })),
      "an operator": () => expression((_, x) => x + 1),
      "a word that there is not": () => expression((m, x) => m.cbrt(x)),
      "a number for a value": () => expression((m, x) => m.mul(x, 2)),
      "a number in the first place": () => expression((m, x) => m.sub(1, x)),
      "too few values": () => expression((m, x) => m.add(x)),
      "too many values": () => expression((m, x) => m.exp(x, x)),
      "text for a constant": () => expression((m) => m.constant("1")),
      "a comparison that nothing uses": () => expression((m, x) => (m.less(x, m.constant(0)) ? m.neg(x) : x)),
      "an equality that nothing uses": () => expression((m, x) => (m.equal(x, m.constant(0)) ? m.neg(x) : x)),
      "nothing returned": () => expression(() => {}),
      "a number returned": () => expression(() => 1),
      "a list returned": () => expression((_, x) => [x]),
      "an error of its own": () =>
        expression(() => {
          throw new RangeError("too large");
        }),
      "too few derivatives": () =>
        binary(any({ name: "mine", value: (_: Untyped, x: Untyped) => x, derivatives: [1] })),
      "a derivative that is text": () =>
        binary(any({ name: "mine", value: (_: Untyped, x: Untyped) => x, derivatives: [1, "2"] })),
      "a first derivative that is text": () =>
        binary(any({ name: "mine", value: (_: Untyped, x: Untyped) => x, derivatives: ["1", 2] })),
      "derivatives that are none": () =>
        binary(any({ name: "mine", value: (_: Untyped, x: Untyped) => x, derivatives: 2 })),
      "a derivative with an operator": () =>
        unary(
          any({
            name: "mine",
            value: (_: Untyped, x: Untyped) => x,
            derivative: (_: Untyped, x: Untyped) => -x,
          }),
        ),
      "no expression to evaluate": () => evaluate(any(3), leaf()),
      "an operand of an expression that is text": () => evaluate((_, x) => x, any("x")),
    }),
  ).toMatchInlineSnapshot(`
    "
    no expression
      ArgumentError: unary: a record is an object; got undefined.
      Fix: write unary({ name: "mine", value: (m, x) => … }).
    no name
      ArgumentError: unary: needs a name; got undefined.
    no value
      ArgumentError: unary("mine"): value is an expression; got undefined.
      Fix: write (m, x) => …
    another field
      ArgumentError: unary("mine"): there is no option "slope".
      Fix: the options are name, value, derivative, chooses, intervals, kinks.
    an operator
      ArgumentError: unary("mine"): JavaScript's operators (+, *, > …) and Math do not compute with the operands of an expression.
      Fix: write m.add(x, y), m.mul(x, x), m.less(x, y), m.exp(x).
    a word that there is not
      ArgumentError: unary("mine"): value throws TypeError: m.cbrt is not a function.
      Fix: the words of the arithmetic are constant, add, sub, mul, div, neg, abs, sqrt, maximum, minimum, less, equal, where, exp, log, log1p, expm1, sin, cos, tanh, erf, erfc, pow.
    a number for a value
      ArgumentError: unary("mine"): m.mul takes values of the arithmetic; got the number 2 in place 2.
      Fix: write m.constant(2).
    a number in the first place
      ArgumentError: unary("mine"): m.sub takes values of the arithmetic; got the number 1 in place 1.
      Fix: write m.constant(1).
    too few values
      ArgumentError: unary("mine"): m.add takes 2 values; got 1.
      Fix: an expression is made of its operands and m.constant(…), with the words of m.
    too many values
      ArgumentError: unary("mine"): m.exp takes 1 values; got 2.
      Fix: an expression is made of its operands and m.constant(…), with the words of m.
    text for a constant
      ArgumentError: unary("mine"): a constant is a number; got the text "1".
      Fix: convert text with Number(…) first.
    a comparison that nothing uses
      ArgumentError: unary("mine"): value compares values, and nothing uses what m.less or m.equal gives.
      Fix: choose with m.where(condition, a, b): JavaScript's if and ? see no elements, and always take the first way.
    an equality that nothing uses
      ArgumentError: unary("mine"): value compares values, and nothing uses what m.less or m.equal gives.
      Fix: choose with m.where(condition, a, b): JavaScript's if and ? see no elements, and always take the first way.
    nothing returned
      ArgumentError: unary("mine"): value returns undefined, not a value of the arithmetic.
      Fix: a function in braces needs a return.
    a number returned
      ArgumentError: unary("mine"): value returns the number 1, not a value of the arithmetic.
      Fix: write m.constant(1).
    a list returned
      ArgumentError: unary("mine"): value returns an array of 1, not a value of the arithmetic.
      Fix: an expression is made of its operands and m.constant(…), with the words of m.
    an error of its own
      ArgumentError: unary("mine"): value throws RangeError: too large.
      Fix: the words of the arithmetic are constant, add, sub, mul, div, neg, abs, sqrt, maximum, minimum, less, equal, where, exp, log, log1p, expm1, sin, cos, tanh, erf, erfc, pow.
    too few derivatives
      ArgumentError: binary("mine"): needs 2 derivatives, one for each operand; got 1.
      Fix: write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.
    a derivative that is text
      ArgumentError: binary("mine"): a derivative is an expression or a number; got the text "2".
      Fix: write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.
    a first derivative that is text
      ArgumentError: binary("mine"): a derivative is an expression or a number; got the text "1".
      Fix: write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.
    derivatives that are none
      ArgumentError: binary("mine"): needs 2 derivatives, one for each operand; got 0.
      Fix: write (m, x) => …, 0 to stop the gradient, or leave it out: it follows from the value.
    a derivative with an operator
      ArgumentError: unary("mine"): JavaScript's operators (+, *, > …) and Math do not compute with the operands of an expression.
      Fix: write m.add(x, y), m.mul(x, x), m.less(x, y), m.exp(x).
    no expression to evaluate
      ArgumentError: evaluate: the expression throws TypeError: expression is not a function.
      Fix: the words of the arithmetic are constant, add, sub, mul, div, neg, abs, sqrt, maximum, minimum, less, equal, where, exp, log, log1p, expm1, sin, cos, tanh, erf, erfc, pow.
    an operand of an expression that is text
      ArgumentError: evaluate: got the text "x" where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    "
  `);
});

test("mistakes around comparisons and receivers are told in full", () => {
  const x: Untyped = tensor([1, 2]);
  expect(
    messagesOf({
      "where as a method": () => x.where(tensor([1, 0]), 0),
      "linearCombination as a method": () => x.linearCombination(1, 2, 3),
      "equality with a list": () => equals(x, any([1, 2])),
      "nearness to text": () => allClose(any("1"), x),
      "a tolerance below 0": () => allClose(x, x, any({ relative: -1 })),
      "a tolerance by another name": () => allClose(x, x, any({ rtol: 1 })),
      "a gradient that is a number": () => {
        x.grad = 3;
      },
      "the item of many": () => x.item(),
    }),
  ).toMatchInlineSnapshot(`
    "
    where as a method
      ArgumentError: where: is no method, since a reader could not tell which operand the receiver is.
      Fix: import { where } from "halograd", and write where(condition, x, y).
    linearCombination as a method
      ArgumentError: linearCombination: is no method, since a reader could not tell which operand the receiver is.
      Fix: import { linearCombination } from "halograd", and write linearCombination(a, x, b, y).
    equality with a list
      ArgumentError: equals: got an array of 2 where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    nearness to text
      ArgumentError: allClose: got the text "1" where a tensor or number is needed.
      Fix: wrap values with tensor(…).
    a tolerance below 0
      ArgumentError: allClose: relative is at least 0; got -1.
    a tolerance by another name
      ArgumentError: allClose: there is no option "rtol".
      Fix: the options are relative, absolute.
    a gradient that is a number
      ArgumentError: grad: the gradient is a tensor of shape [2]; got the number 3.
      Fix: null forgets a gradient.
    the item of many
      ShapeError: item: [2] has 2 elements, not one.
      Fix: reduce it first (sum, mean), choose one with at(…), or take them all with toArray().
    "
  `);
});

test("what compares stops at the first element that differs, and looks at the last", () => {
  expect([equals(tensor([1, 2]), tensor([1, 2])), equals(tensor([1, 2]), tensor([1, 3]))]).toEqual([
    true,
    false,
  ]);
  expect([equals(tensor([[1, 2]]), tensor([1, 2])), equals(tensor([0]), tensor([-0]))]).toEqual([
    false,
    true,
  ]);
  expect(allClose(tensor([1, 2]), tensor([1, 2 + 1e-7]))).toBe(true);
  expect(allClose(tensor([1, 2]), tensor([1, 2.1]))).toBe(false);
  expect(equals(zeros([0, 2]), zeros([0, 2]))).toBe(true);
});

test("classes of any shape get an axis of their own", () => {
  expect(oneHot(tensor([[0], [2]]), 3).toArray()).toEqual([[[1, 0, 0]], [[0, 0, 1]]]);
  expect(oneHot(tensor(1), 2).toArray()).toEqual([0, 1]);
});

test("a tensor is printed by its values, by Node too", () => {
  expect(inspect(tensor([1, 2]))).toBe("tensor([1, 2], shape [2])");
  expect(`${tensor([1, 2])}`).toBe("tensor([1, 2], shape [2])");
  expect(where(tensor([1, 0]), tensor([5, 6]), 7).toArray()).toEqual([5, 7]);
});
