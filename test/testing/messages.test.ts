/** Mistakes with `halograd/testing`: what each message says. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { tensor } from "../../src/index.ts";
import { arbitraries, assertClose, checkGradients, errorBound, Graph } from "../../src/testing/index.ts";

const x = tensor([1, 2]);
const wrong = (value: unknown): never => value as never;
const { shape, broadcastableShapes, tensor: tensors, view, graph } = arbitraries(fc);

it.each<[mistake: () => unknown, message: string]>([
  [
    () => checkGradients(wrong(3), [wrong(x)]),
    "ArgumentError: checkGradients: what is checked is a function; got the number 3.\n  Fix: write checkGradients((x) => x.square(), [x]).",
  ],
  [
    () => checkGradients((x: never) => x, wrong(x)),
    "ArgumentError: checkGradients: inputs are a list; got a tensor of shape [2].\n  Fix: write checkGradients(f, [x]).",
  ],
  [
    () => checkGradients(() => x, []),
    "ArgumentError: checkGradients: there is no input to differentiate by.\n  Fix: write checkGradients(f, [x]).",
  ],
  [
    () => checkGradients(() => x, wrong([1])),
    "ArgumentError: checkGradients: expected tensors, or arrays and objects of them; got the number 1.\n  Fix: wrap values with tensor(…).",
  ],
  [
    () => checkGradients(() => x, wrong([x]), wrong({ orders: 1 })),
    'ArgumentError: checkGradients: there is no option "orders".\n  Fix: did you mean order?',
  ],
  [
    () => checkGradients(() => x, wrong([x]), { order: 0 }),
    "ArgumentError: checkGradients: order is a whole number of at least 1; got the number 0.",
  ],
  [
    () => checkGradients(() => x, wrong([x]), { order: 1.5 }),
    "ArgumentError: checkGradients: order is a whole number of at least 1; got the number 1.5.",
  ],
  [
    () => checkGradients(() => x, wrong([x]), { directions: 0 }),
    "ArgumentError: checkGradients: directions is a whole number of at least 1; got the number 0.",
  ],
  [
    () => checkGradients(() => x, wrong([x]), { elementwiseUpTo: -1 }),
    "ArgumentError: checkGradients: elementwiseUpTo is a whole number of at least 0; got the number -1.",
  ],
  [
    () => checkGradients(() => x, wrong([x]), { scale: 0 }),
    "ArgumentError: checkGradients: scale is 0; it must be a finite number above 0.",
  ],
  [
    () => checkGradients(() => x, wrong([x]), wrong({ random: 1 })),
    "ArgumentError: checkGradients: needs a random stream; got the number 1.\n  Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.",
  ],
  [
    () => checkGradients(() => wrong(3), wrong([x])),
    "ArgumentError: checkGradients: the function returned the number 3, not a tensor.\n  Fix: return the tensor itself: item() leaves the tape, and an async function returns before it has computed.",
  ],
  [
    () => errorBound(wrong(3), [x]),
    "ArgumentError: errorBound: what is evaluated is a function; got the number 3.\n  Fix: write errorBound((x) => x.exp(), [x]).",
  ],
  [
    () => errorBound((x) => x, wrong(x)),
    "ArgumentError: errorBound: takes a list of tensors; got a tensor of shape [2].\n  Fix: write errorBound(f, [x]).",
  ],
  [
    () => errorBound(() => wrong(1), [x]),
    "ArgumentError: errorBound: the function returned the number 1, not a tensor.\n  Fix: return the tensor itself: item() leaves the tape, and an async function returns before it has computed.",
  ],
  [
    () => assertClose(wrong([1, 2]), x),
    "ArgumentError: assertClose: got an array of 2 where a tensor or number is needed.\n  Fix: wrap values with tensor(…).",
  ],
  [
    () => assertClose(x, wrong("x")),
    'ArgumentError: assertClose: got the text "x" where a tensor or number is needed.\n  Fix: wrap values with tensor(…).',
  ],
  [() => assertClose(x, tensor([1, 2, 3])), "AssertionError: assertClose: the shape is [2], expected [3]."],
  [
    () => assertClose(x, tensor([1, 2.5])),
    "AssertionError: assertClose: element [1] is 2, expected 2.5: they differ by 0.5, allowed is 0.000025010000000000003 (relative 0.00001, absolute 1e-8). 1 of 2 elements differ.",
  ],
  [() => assertClose(x, x, { relative: -1 }), "ArgumentError: assertClose: relative is at least 0; got -1."],
  [
    () => assertClose(x, x, wrong({ rtol: 1 })),
    'ArgumentError: assertClose: there is no option "rtol".\n  Fix: the options are relative, absolute.',
  ],
  [
    () => new Graph(wrong(x), []),
    "ArgumentError: Graph: takes a list of tensors; got a tensor of shape [2].\n  Fix: write new Graph([x], steps).",
  ],
  [
    () => arbitraries(wrong({})),
    'ArgumentError: arbitraries: needs fast-check itself, version 3 or 4.\n  Fix: import fc from "fast-check", and hand fc over.',
  ],
  [
    () => arbitraries(wrong(undefined)),
    'ArgumentError: arbitraries: needs fast-check itself, version 3 or 4.\n  Fix: import fc from "fast-check", and hand fc over.',
  ],
  [
    () => shape(wrong({ minrank: 1 })),
    'ArgumentError: shape: there is no option "minrank".\n  Fix: did you mean minRank?',
  ],
  [
    () => shape({ maxRank: -1 }),
    "ArgumentError: shape: maxRank is a whole number of at least 0; got the number -1.",
  ],
  [() => shape({ minRank: 3, maxRank: 2 }), "ArgumentError: shape: minRank is 3, but maxRank is 2."],
  [
    () => broadcastableShapes({ maxSize: 0 }),
    "ArgumentError: broadcastableShapes: minSize is 1, but maxSize is 0.",
  ],
  [
    () => broadcastableShapes({ count: 0 }),
    "ArgumentError: broadcastableShapes: count is a whole number of at least 1; got the number 0.",
  ],
  [
    () => tensors({ shape: wrong(3) }),
    "ShapeError: tensor: a shape is an array of whole numbers; got the number 3.\n  Fix: put all sizes into one array: tensor([3]); [] is the shape of a scalar.",
  ],
  [
    () => tensors({ values: [1, 0] }),
    "ArgumentError: tensor: values lie between two numbers, the smaller first; got [1,0].",
  ],
  [
    () => tensors({ values: wrong([1]) }),
    "ArgumentError: tensor: values lie between two numbers, the smaller first; got [1].",
  ],
  [
    () => tensors({ values: wrong("all") }),
    'ArgumentError: tensor: values are a list of numbers; got the text "all".',
  ],
  [
    () => view(wrong({ size: 1 })),
    'ArgumentError: view: there is no option "size".\n  Fix: the options are minRank, maxRank, minSize, maxSize, shape, values.',
  ],
  [
    () => graph({ maxSteps: 0 }),
    "ArgumentError: graph: maxSteps is a whole number of at least 1; got the number 0.",
  ],
  [
    () => graph({ operations: ["expo"] }),
    'ArgumentError: graph: the operations[0] is the text "expo"; there are neg, ….\n  Fix: did you mean "exp"?',
  ],
  [
    () => graph({ operations: wrong("exp") }),
    'ArgumentError: graph: operations are an array; got the text "exp".',
  ],
])("%s", (mistake, message) => {
  let found: unknown = null;
  try {
    mistake();
  } catch (error) {
    found = error;
  }
  expect(`${found}`.replace(/(, \w+){20,}/, ", …")).toBe(message);
});
