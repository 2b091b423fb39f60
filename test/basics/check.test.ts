/** Checks of what users hand over: what a value is called, which option was meant, and every message word by word. */

import { describe, expect, it } from "vitest";
import { useBackend } from "../../src/basics/backend.ts";
import {
  callable,
  checkCount,
  checkKind,
  checkNumber,
  checkNumbers,
  checkOptions,
  checkWithin,
  clip,
  describeValue,
  nearest,
  synchronous,
} from "../../src/basics/check.ts";
import { checkDtype } from "../../src/basics/dtype.ts";
import {
  ArgumentError,
  AxisError,
  attributedTo,
  GradientError,
  OTHER_COPY,
} from "../../src/basics/errors.ts";
import { formatElements } from "../../src/basics/format.ts";
import { flattenNested, type NestedArray, shapeOfNested, toNested } from "../../src/basics/nested.ts";
import { checkRandom, Random } from "../../src/basics/random.ts";
import {
  broadcastShapes,
  broadcastStrides,
  checkPermutation,
  checkShape,
  contiguousStrides,
  inferShape,
  normalizeAxes,
  normalizeAxis,
  reshapeStrides,
  resolveRange,
  sameShape,
} from "../../src/basics/shape.ts";
import { backendName } from "../../src/kernels/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;

it("a value of any kind is put into words", () => {
  class Galaxy {}
  const values: [unknown, string][] = [
    [null, "null"],
    [undefined, "undefined"],
    [-0.5, "the number -0.5"],
    ["a\n", 'the text "a\\n"'],
    ["x".repeat(40), `the text "${"x".repeat(40)}"`],
    ["x".repeat(41), `the text "${"x".repeat(40)}…"`],
    [Galaxy, "a class"],
    [() => "class x", "a function"],
    [1n, "the bigint 1"],
    [true, "the boolean true"],
    [Symbol("s"), "the symbol Symbol(s)"],
    [[1, 2], "an array of 2"],
    [{ storage: 0, strides: [3, 1], shape: [2, 3] }, "a tensor of shape [2, 3]"],
    [{ storage: 0, shape: [2] }, "an object with storage, shape"],
    [{ storage: 0, strides: [2] }, "an object with storage, strides"],
    [{ strides: 0, shape: [2] }, "an object with strides, shape"],
    [Promise.resolve(), "a promise"],
    // biome-ignore lint/suspicious/noThenProperty: only a function makes it a promise
    [{ then: 1 }, "an object with then"],
    [new Map(), "a Map"],
    [new Galaxy(), "a Galaxy"],
    [{}, "an object with no keys"],
    [Object.create(null), "an object with no keys"],
    [{ a: 1, b: 1, c: 1, d: 1, e: 1 }, "an object with a, b, c, d"],
  ];
  for (const [value, words] of values) expect(describeValue(value)).toBe(words);
});

it("a long text is cut where a message quotes it", () => {
  expect(clip("x".repeat(60))).toBe("x".repeat(60));
  expect(clip("x".repeat(61))).toBe(`${"x".repeat(60)}…`);
});

it.each([
  ["lr", "learningRate"],
  ["LR", "learningRate"],
  ["LEARNINGRATE", "learningRate"],
  ["LEARNING_RATE", "learningRate"],
  ["learn", "learningRate"],
  ["lerningRate", "learningRate"],
  ["epoch", "epochs"],
  ["epohcs", "epochs"],
  ["wd", "weight-decay"],
  ["sed", "seed"],
  ["se", undefined],
  ["e", undefined],
  ["", undefined],
  ["seen", "seed"],
  ["been", undefined],
  ["epoxxx", undefined],
  ["nothing", undefined],
])("%j is taken for %j", (word, meant) => {
  expect(nearest(word, ["learningRate", "epochs", "weight-decay", "seed"])).toBe(meant);
  expect(nearest(word, [])).toBeUndefined();
});

it("the nearest word is the one with the fewest slips, wherever it stands", () => {
  expect(nearest("abcd", ["abxd", "abcde"])).toBe("abcde");
  expect(nearest("abcde", ["abcd", "abcdf", "abcdeX"])).toBe("abcdeX");
  expect(nearest("kitten", ["sitting", "mitten"])).toBe("mitten");
  expect(nearest("abcdef", ["bcdef", "xbcdef", "abcdefgh"])).toBe("abcdefgh");
  expect(nearest("ab-c", ["a"])).toBeUndefined();
  expect(nearest("s", ["shape"])).toBeUndefined();
  expect(nearest("lr", ["learning--rate", "l"])).toBe("learning--rate");
});

it("what is right passes", () => {
  checkOptions("f", undefined, ["a"]);
  checkOptions("f", {}, ["a"]);
  checkOptions("f", { b: 1 }, ["a", "b"]);
  checkOptions("f", { keepdim: undefined, nesterov: false }, ["keepdim", "nesterov"]);
  checkNumber("f", "x", Number.NaN);
  checkCount("f", "n", 1);
  checkCount("f", "n", 0, 0);
  checkKind("f", "x", new Set(), "list");
  callable("f", "x", () => {});
  checkWithin("f", "x", 1, { least: 0, most: 1, above: 0, below: 2 });
});

it("mistakes in arguments are told in full", () => {
  expect(
    messagesOf({
      "a number for options": () => checkOptions("f", 3, ["a", "b"]),
      "null for options": () => checkOptions("f", null, ["a"]),
      "a list for options": () => checkOptions("f", [], ["a", "b"]),
      "an option that is not": () => checkOptions("f", { zzz: 1 }, ["a", "b"]),
      "an option misspelt": () => checkOptions("f", { momentun: 1 }, ["momentum"]),
      "text for true or false": () => checkOptions("f", { keepdim: "false" }, ["keepdim"]),
      "a number for true or false": () => checkOptions("f", { nesterov: 1 }, ["nesterov"]),
      "text for a number": () => checkNumber("f", "x", "1"),
      "nothing for a number": () => checkNumber("f", "x", undefined),
      "half a count": () => checkCount("f", "n", 0.5),
      "a count too small": () => checkCount("f", "n", 1, 2),
      "a count too large": () => checkCount("f", "n", 8, 1, 7),
      "an infinite count": () => checkCount("f", "n", Infinity, 1, 7),
      "a number of at least": () => checkWithin("f", "x", -1, { least: 0 }),
      "a number above": () => checkWithin("f", "x", 0, { above: 0 }),
      "a number at most": () => checkWithin("f", "x", 2, { most: 1 }),
      "a number from to": () => checkWithin("f", "x", 2, { least: 0, most: 1 }),
      "a number of at least and below": () => checkWithin("f", "x", 1, { least: 0, below: 1 }),
      "a number above and at most": () => checkWithin("f", "x", 0, { above: 0, most: 1 }),
      "a number that is none": () => checkWithin("f", "x", Number.NaN),
      "an element that is none": () => checkNumbers("f", "xs", any([1, "2"])),
      "an element below": () => checkNumbers("f", "xs", [1, -2], { least: 0 }),
      "text for a function": () => callable("f", "x", "x"),
      "a number for text": () => checkKind("f", "x", 3, "text"),
      "a number for a list": () => checkKind("f", "x", 3, "list"),
      "null for an object": () => checkKind("f", "x", null, "object"),
      "no function for a setting": () => synchronous("f", any(3)),
      "a generator for a setting": () => synchronous("f", function* () {}),
      "what another copy made": () => checkNumber("f", "x", { toString: () => OTHER_COPY, [OTHER_COPY]: 1 }),
      "text for a count": () => checkCount("f", "n", "2"),
      "a backend misspelt": () => useBackend(any("typescrip")),
      "a backend that is not": () => useBackend(any("gpu")),
      "a number for a backend": () => useBackend(any(3)),
      "text for a shape": () => checkShape("f", any("2")),
      "sizes that are none": () => checkShape("f", any([2, -1, 0.5, "3", null])),
      "a shape too large": () => checkShape("f", [2 ** 16, 2 ** 16]),
      "shapes that do not broadcast": () => broadcastShapes("f", [2, 3], [4, 3]),
      "an axis beyond": () => normalizeAxis("f", 2, 2),
      "an axis before": () => normalizeAxis("f", -3, 2),
      "half an axis": () => normalizeAxis("f", 0.5, 2),
      "an axis of a scalar": () => normalizeAxis("f", 0, 0),
      "text for an axis": () => normalizeAxis("f", any("0"), 2),
      "options for an axis": () => normalizeAxis("f", any({ keepDims: true }), 2),
      "no options for an axis": () => normalizeAxis("f", any({}), 2),
      "null for an axis": () => normalizeAxis("f", any(null), 2),
      "a date for an axis": () => normalizeAxis("f", any(new Date(0)), 2),
      "an axis twice": () => normalizeAxes("f", [1, 0, -1], 2),
      "two open sizes": () => inferShape("f", [-1, -1], 4),
      "sizes that do not divide": () => inferShape("f", [3, -1], 4),
      "an open size beside 0": () => inferShape("f", [0, -1], 4),
      "sizes that do not fit": () => inferShape("f", [3, 2], 4),
      "text for a range": () => resolveRange("f", any("1:2"), 4),
      "half a range": () => resolveRange("f", [0.5, 1], 4),
      "a range that stands still": () => resolveRange("f", [0, 1, 0], 4),
      "rows of two lengths": () => flattenNested("f", [[1, 2], [3]], [2, 2], new Float32Array(4)),
      "a number beside rows": () => flattenNested("f", [[1, 2], 3], [2, 2], new Float32Array(4)),
      "a row among numbers": () => flattenNested("f", [1, [2]], [2], new Float32Array(2)),
      "text among numbers": () => flattenNested("f", any([1, "2"]), [2], new Float32Array(2)),
      "a tensor among numbers": () => flattenNested("f", any([{ storage: 1 }]), [1], new Float32Array(1)),
      "a set among numbers": () => flattenNested("f", any([new Set([1])]), [1], new Float32Array(1)),
      "a boolean among numbers": () => flattenNested("f", any([true]), [1], new Float32Array(1)),
      "a bigint among numbers": () => flattenNested("f", any([1n]), [1], new Float32Array(1)),
      "null among numbers": () => flattenNested("f", any([null]), [1], new Float32Array(1)),
      "half a seed": () => new Random(0.5),
      "a seed of 65 bits": () => new Random(2n ** 64n),
      "a state of one word": () => Random.fromState({ key: [1], counter: [0, 0] }),
      "a state with half a word": () => Random.fromState({ key: [1, 0.5], counter: [0, 0] }),
      "a state with a large word": () => Random.fromState({ key: [1, 1], counter: [0, 2 ** 32] }),
      "an interval the wrong way": () => new Random(1).uniform(1, 0),
      "an interval without end": () => new Random(1).uniform(0, Infinity),
      "a deviation below 0": () => new Random(1).normal(0, -1),
      "a mean without end": () => new Random(1).normal(Infinity, 1),
      "a whole number below 0": () => new Random(1).integer(0),
      "half a permutation": () => new Random(1).permutation(0.5),
      "a label that is no whole number": () => new Random(1).fork(0.5),
      "half a split": () => new Random(1).split(0.5),
      "more blocks than there are": () => new Random(1).draw(2 ** 33),
    }),
  ).toMatchInlineSnapshot(`
    "
    a number for options
      ArgumentError: f: options are an object; got the number 3.
      Fix: write { a: … }; there are a, b.
    null for options
      ArgumentError: f: options are an object; got null.
      Fix: write { a: … }.
    a list for options
      ArgumentError: f: options are an object; got an array of 0.
      Fix: write { a: … }; there are a, b.
    an option that is not
      ArgumentError: f: there is no option "zzz".
      Fix: the options are a, b.
    an option misspelt
      ArgumentError: f: there is no option "momentun".
      Fix: did you mean momentum?
    text for true or false
      ArgumentError: f: keepdim is true or false; got the text "false".
    a number for true or false
      ArgumentError: f: nesterov is true or false; got the number 1.
    text for a number
      ArgumentError: f: x is a number; got the text "1".
      Fix: convert text with Number(…) first.
    nothing for a number
      ArgumentError: f: x is a number; got undefined.
    half a count
      ArgumentError: f: n is a whole number of at least 1; got the number 0.5.
    a count too small
      ArgumentError: f: n is a whole number of at least 2; got the number 1.
    a count too large
      ArgumentError: f: n is a whole number of at most 7; got the number 8.
    an infinite count
      ArgumentError: f: n is a whole number of at least 1; got the number Infinity.
    a number of at least
      ArgumentError: f: x is -1; it must be a finite number of at least 0.
    a number above
      ArgumentError: f: x is 0; it must be a finite number above 0.
    a number at most
      ArgumentError: f: x is 2; it must be a finite number at most 1.
    a number from to
      ArgumentError: f: x is 2; it must be a finite number from 0 to 1.
    a number of at least and below
      ArgumentError: f: x is 1; it must be a finite number of at least 0 and below 1.
    a number above and at most
      ArgumentError: f: x is 0; it must be a finite number above 0 and at most 1.
    a number that is none
      ArgumentError: f: x is NaN; it must be a finite number.
    an element that is none
      ArgumentError: f: xs[1] is the text "2"; it must be a finite number.
    an element below
      ArgumentError: f: xs[1] is -2; it must be a finite number of at least 0.
    text for a function
      ArgumentError: f: x is a function; got the text "x".
    a number for text
      ArgumentError: f: x is text; got the number 3.
    a number for a list
      ArgumentError: f: x is a list; got the number 3.
    null for an object
      ArgumentError: f: x is an object; got null.
    no function for a setting
      ArgumentError: f: takes a function; got the number 3.
      Fix: write f(() => …).
    a generator for a setting
      ArgumentError: f: the function returned a generator, which runs later, outside of the setting.
      Fix: iterate inside, or wrap what happens between two yields in f().
    what another copy made
      ArgumentError: f: x is a number; got an object with toString, of another copy of halograd.
      Fix: install one copy (npm ls halograd); tensor(x.toArray()) takes elements over.
    text for a count
      ArgumentError: f: n is a whole number of at least 1; got the text "2".
    a backend misspelt
      ArgumentError: useBackend: there is no backend "typescrip".
      Fix: did you mean typescript?
    a backend that is not
      ArgumentError: useBackend: there is no backend "gpu".
      Fix: choose from auto, typescript, wasm.
    a number for a backend
      ArgumentError: useBackend: there is no backend the number 3.
      Fix: choose from auto, typescript, wasm.
    text for a shape
      ShapeError: f: a shape is an array of whole numbers; got the text "2".
      Fix: put all sizes into one array: f([2, 3]); [] is the shape of a scalar.
    sizes that are none
      ShapeError: f: [2, -1, 0.5, "3", null] is not a shape: every size is a whole number, 0 or more.
      Fix: write the sizes as numbers, such as f([2, 3]).
    a shape too large
      ShapeError: f: [65536, 65536] has 4294967296 elements; the limit is 2^31.
    shapes that do not broadcast
      ShapeError: f: shapes [2, 3] and [4, 3] do not broadcast: counted from the last axis, axis -2 has sizes 2 and 4, which must be equal or 1.
      Fix: reshape or transpose one of them, or insert an axis of size 1 with unsqueeze().
    an axis beyond
      AxisError: f: axis 2 is outside a tensor of 2 axes: it must be a whole number from -2 to 1.
    an axis before
      AxisError: f: axis -3 is outside a tensor of 2 axes: it must be a whole number from -2 to 1.
    half an axis
      AxisError: f: axis 0.5 is outside a tensor of 2 axes: it must be a whole number from -2 to 1.
    an axis of a scalar
      AxisError: f: a scalar has no axis 0.
    text for an axis
      AxisError: f: an axis is a whole number; got the text "0".
      Fix: count axes from 0, or from the last with -1.
    options for an axis
      AxisError: f: an axis is a whole number; got an object with keepDims.
      Fix: count axes from 0, or from the last with -1.
    no options for an axis
      AxisError: f: an axis is a whole number; got an object with no keys.
      Fix: count axes from 0, or from the last with -1.
    null for an axis
      AxisError: f: an axis is a whole number; got null.
      Fix: count axes from 0, or from the last with -1.
    a date for an axis
      AxisError: f: an axis is a whole number; got a Date.
      Fix: count axes from 0, or from the last with -1.
    an axis twice
      AxisError: f: axes [1, 0, -1] name the same axis twice.
    two open sizes
      ShapeError: f: [-1, -1] leaves more than one size open (-1).
    sizes that do not divide
      ShapeError: f: 4 elements do not fill [3, -1] evenly.
    an open size beside 0
      ShapeError: f: 4 elements do not fill [0, -1] evenly.
    sizes that do not fit
      ShapeError: f: 4 elements cannot take the shape [3, 2], which holds 6.
      Fix: the product of the sizes must stay the same; one size may be -1 to be computed.
    text for a range
      ArgumentError: f: a range is null, an index, or [start, stop, step]; got the text "1:2".
      Fix: write [1, 4] for the indices 1 to 3, and null for all.
    half a range
      ArgumentError: f: a range is made of whole numbers; got [0.5, 1, 1].
    a range that stands still
      ArgumentError: f: the step of a range cannot be 0.
      Fix: use a step of 1 or -1.
    rows of two lengths
      ShapeError: f: the nested array is ragged: values[1] has 1, but its neighbours on axis 1 have 2 elements.
      Fix: make all rows equally long, pad them, or build one tensor for each row.
    a number beside rows
      ShapeError: f: the nested array is ragged: values[1] is the number 3, but its neighbours on axis 1 have 2 elements.
      Fix: make all rows equally long, pad them, or build one tensor for each row.
    a row among numbers
      ShapeError: f: the nested array is ragged: values[1] is an array of 1, where the first row has a number (shape [2]).
      Fix: make all rows equally deep.
    text among numbers
      ArgumentError: f: values[1] is the text "2"; only numbers can be elements.
    a tensor among numbers
      ArgumentError: f: values[0] is an object with storage; only numbers can be elements.
      Fix: join tensors with stack([…]) or concat([…]).
    a set among numbers
      ArgumentError: f: values[0] is a Set; only numbers can be elements.
      Fix: spread what can be iterated over: [...values]; a buffer needs a view: new Float32Array(buffer).
    a boolean among numbers
      ArgumentError: f: values[0] is the boolean true; only numbers can be elements.
      Fix: convert elements with Number(…).
    a bigint among numbers
      ArgumentError: f: values[0] is the bigint 1; only numbers can be elements.
      Fix: convert elements with Number(…).
    null among numbers
      ArgumentError: f: values[0] is null; only numbers can be elements.
    half a seed
      ArgumentError: Random: the seed 0.5 is not a safe integer or a 64-bit bigint
      Fix: pass a whole number such as new Random(42)
    a seed of 65 bits
      ArgumentError: Random: the seed 18446744073709551616 is not a safe integer or a 64-bit bigint
      Fix: pass a whole number such as new Random(42)
    a state of one word
      ArgumentError: Random.fromState: key is [1], not two unsigned 32-bit words
      Fix: pass what state() returned
    a state with half a word
      ArgumentError: Random.fromState: key is [1,0.5], not two unsigned 32-bit words
      Fix: pass what state() returned
    a state with a large word
      ArgumentError: Random.fromState: counter is [0,4294967296], not two unsigned 32-bit words
      Fix: pass what state() returned
    an interval the wrong way
      ArgumentError: Random.uniform: [1, 0) is not a finite interval
      Fix: give low < high
    an interval without end
      ArgumentError: Random.uniform: [0, Infinity) is not a finite interval
      Fix: give low < high
    a deviation below 0
      ArgumentError: Random.normal: mean 0 and standard deviation -1 do not make a normal distribution
      Fix: give finite numbers and a standard deviation of at least 0
    a mean without end
      ArgumentError: Random.normal: mean Infinity and standard deviation 1 do not make a normal distribution
      Fix: give finite numbers and a standard deviation of at least 0
    a whole number below 0
      ArgumentError: Random.integer: n is 0, but must be a whole number of at least 1
    half a permutation
      ArgumentError: Random.permutation: n is 0.5, but must be a whole number of at least 0
    a label that is no whole number
      ArgumentError: Random.fork: label is 0.5, but must be a safe integer
    half a split
      ArgumentError: Random.split: count is 0.5, but must be a whole number of at least 0
    more blocks than there are
      ArgumentError: Random.draw: 8589934592 blocks are more than 2³²
      Fix: draw in parts
    "
  `);
});

it("dtypes and streams are what they are, or an error says which there are", () => {
  expect(checkDtype("f", "float32")).toBe("float32");
  expect(checkDtype("f", "float64")).toBe("float64");
  expect(() => checkDtype("f", "int8")).toThrow(
    'f: unknown dtype "int8".\n  Fix: use "float32" (the default) or "float64".',
  );
  checkRandom("f", new Random(1));
  expect(() => checkRandom("f", 1)).toThrow(
    "f: needs a random stream; got the number 1.\n  Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.",
  );
});

it("an error about gradients holds all that was found", () => {
  const found = {
    input: 1,
    path: "input 1.weight",
    element: [0, 2],
    analytic: 1.5,
    numeric: 2.5,
    operation: "exp",
    callSite: "a.ts:1:2",
  };
  expect(new GradientError("f", "wrong.", "mend it.", found)).toMatchObject({ ...found, where: "f" });
});

it("the backend is chosen by name", () => {
  const before = backendName();
  expect(useBackend("typescript")).toBe("typescript");
  expect(useBackend("wasm")).toBe("wasm");
  expect(backendName()).toBe("wasm");
  expect(useBackend("auto")).toBe("wasm");
  useBackend(before);
});

it("an error is handed on under the name of the function that the user called", () => {
  let inner: unknown;
  try {
    checkNumber("inner", "x", "1");
  } catch (error) {
    inner = error;
  }
  expect(() => {
    throw attributedTo("outer", inner);
  }).toThrow(/^outer: x is a number; got the text "1"\.\n {2}Fix: convert text with Number/);
  // Its stack leads to the line at which it was thrown, under the message that is shown.
  const outer = attributedTo("outer", inner) as Error;
  expect(outer.stack).toContain(outer.message);
  expect(outer.stack).not.toContain("inner: ");
  expect(outer.stack?.split("\n").at(-1)).toBe((inner as Error).stack?.split("\n").at(-1));
  const bare = Object.assign(new ArgumentError("inner", "wrong.", "mend it."), { stack: undefined });
  expect((attributedTo("outer", bare) as Error).message).toBe("outer: wrong.\n  Fix: mend it.");
  expect(attributedTo("inner", inner)).toBe(inner);
  const bug = new RangeError("bug");
  expect(attributedTo("outer", bug)).toBe(bug);
});

describe("shapes", () => {
  it("broadcast by NumPy's rule", () => {
    expect(broadcastShapes("f", [2, 3], [2, 3])).toEqual([2, 3]);
    expect(broadcastShapes("f", [2, 3], [])).toEqual([2, 3]);
    expect(broadcastShapes("f", [], [2, 3])).toEqual([2, 3]);
    expect(broadcastShapes("f", [3], [2, 1])).toEqual([2, 3]);
    expect(broadcastShapes("f", [4, 1, 3], [2, 1])).toEqual([4, 2, 3]);
    expect(broadcastShapes("f", [0], [1])).toEqual([0]);
    expect(broadcastStrides([2, 1], [1, 1], [3, 2, 4])).toEqual([0, 1, 0]);
    expect(broadcastStrides([2, 3], [3, 1], [2, 3])).toEqual([3, 1]);
  });

  it("are the same when every size is", () => {
    expect(sameShape([2], [2, 1])).toBe(false);
    expect(sameShape([2, 3], [2, 4])).toBe(false);
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    const shape = [2, 3];
    expect(sameShape(shape, shape)).toBe(true);
  });

  it("stay as they are when the array that they were given in changes", () => {
    const sizes = [2, 3];
    const shape = checkShape("f", sizes);
    sizes[0] = 9;
    expect(shape).toEqual([2, 3]);
  });

  it("without elements take any shape without elements, however they lie", () => {
    expect(reshapeStrides([0, 3], [7, 2], [3, 0, 2])).toEqual(contiguousStrides([3, 0, 2]));
    expect(inferShape("f", [0, 3], 0)).toEqual([0, 3]);
    expect(() => inferShape("f", [0, -1], 0)).toThrow(/^f: 0 elements do not fill \[0, -1\] evenly/);
  });

  it("have their axes put in an order that names each once", () => {
    expect(checkPermutation("f", [2, 0, -2], 3)).toEqual([2, 0, 1]);
    expect(checkPermutation("f", [], 0)).toEqual([]);
    const messages = [any(1), [0, 1], [0, 1, 1], [0, 1, 2, 2], [0, 1, 3]].map((axes) => {
      try {
        return String(checkPermutation("f", axes, 3));
      } catch (error) {
        expect(error).toBeInstanceOf(AxisError);
        return (error as Error).message;
      }
    });
    expect(messages).toEqual([
      "f: an order of axes is an array; got the number 1.\n  Fix: name all 3 axes, such as f([2, 1, 0]).",
      "f: [0, 1] is not an order of the 3 axes: each is named once.",
      "f: [0, 1, 1] is not an order of the 3 axes: each is named once.",
      "f: [0, 1, 2, 2] is not an order of the 3 axes: each is named once.",
      "f: axis 3 is outside a tensor of 3 axes: it must be a whole number from -3 to 2.",
    ]);
    expect(() => normalizeAxis("f", any(undefined), 3)).toThrow(
      /^f: an axis is a whole number; got undefined/,
    );
  });

  it("take axes from both ends, sorted, and all of them when none is named", () => {
    expect(normalizeAxis("f", -2, 2)).toBe(0);
    expect(normalizeAxis("f", 1, 2)).toBe(1);
    expect(normalizeAxes("f", [2, 0, -2], 3)).toEqual([0, 1, 2]);
    expect(normalizeAxes("f", [11, 2], 12)).toEqual([2, 11]);
    expect(normalizeAxes("f", 1, 3)).toEqual([1]);
    expect(normalizeAxes("f", undefined, 3)).toEqual([0, 1, 2]);
    expect(normalizeAxes("f", null, 3)).toEqual([0, 1, 2]);
  });

  it("have one open size filled in", () => {
    expect(inferShape("f", [2, -1], 6)).toEqual([2, 3]);
    expect(inferShape("f", [6], 6)).toEqual([6]);
    expect(inferShape("f", [-1], 0)).toEqual([0]);
    expect(checkShape("f", [2 ** 31])).toEqual([2 ** 31]);
  });

  it("are cut into ranges by Python's rules", () => {
    const all = (range: Parameters<typeof resolveRange>[1], size = 4): number[] => {
      const { start, step, count } = resolveRange("f", range, size);
      return Array.from({ length: count }, (_, i) => start + i * step);
    };
    expect(all(null)).toEqual([0, 1, 2, 3]);
    expect(all(any(undefined))).toEqual([0, 1, 2, 3]);
    expect(all([1])).toEqual([1, 2, 3]);
    expect(all([1, 3])).toEqual([1, 2]);
    expect(all([-3, -1])).toEqual([1, 2]);
    expect(all([any(null), any(null), -1])).toEqual([3, 2, 1, 0]);
    expect(all([any(null), any(null), 2])).toEqual([0, 2]);
    expect(all([2, any(null), -1])).toEqual([2, 1, 0]);
    expect(all([-1, 0, -2])).toEqual([3, 1]);
    expect(all([-9, 9])).toEqual([0, 1, 2, 3]);
    expect(all([9, -9, -1])).toEqual([3, 2, 1, 0]);
    expect(all([3, 1])).toEqual([]);
  });
});

describe("nested arrays", () => {
  it("come back as they went in", () => {
    const values: NestedArray = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const shape = shapeOfNested("f", values);
    expect(shape).toEqual([2, 3]);
    const out = new Float32Array(6);
    flattenNested("f", values, shape, out);
    expect([...out]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(toNested(shape, contiguousStrides(shape), 0, out)).toEqual(values);
    expect(toNested([2], [3], 1, out)).toEqual([2, 5]);
    expect(toNested([], [], 2, out)).toBe(3);
    expect(shapeOfNested("f", [])).toEqual([0]);
    expect(shapeOfNested("f", 3)).toEqual([]);
  });
});

describe("tensors as text", () => {
  const show = (values: number[], shape: number[] = [values.length], indent?: number): string =>
    formatElements(shape, contiguousStrides(shape), 0, Float64Array.from(values), indent);

  it("have one notation for all their numbers, in columns", () => {
    expect(show([1, -20, -0])).toBe("[  1, -20,  -0]");
    expect(show([0.5, 10])).toBe("[ 0.5000, 10.0000]");
    expect(show([1e6, 0.5])).toBe("[1.0000e+6, 5.0000e-1]");
    expect(show([999999, 0.5])).toBe("[999999.0000,      0.5000]");
    expect(show([0.0001, 1])).toBe("[0.0001, 1.0000]");
    expect(show([0.5, 0])).toBe("[0.5000, 0.0000]");
    expect(show([0.00009, 0])).toBe("[9.0000e-5, 0.0000e+0]");
    expect(show([1e8, 1])).toBe("[1.0000e+8, 1.0000e+0]");
    expect(show([99999999, 1])).toBe("[99999999,        1]");
    expect(show([Number.NaN, Infinity, -Infinity, 1])).toBe("[      NaN,  Infinity, -Infinity,         1]");
    expect(show([3], [])).toBe("3");
    expect(show([], [0])).toBe("[]");
  });

  it("have a row a line, and a blank line between planes", () => {
    expect(show([1, 2, 3, 4], [2, 2])).toBe("[[1, 2],\n [3, 4]]");
    expect(show([1, 2, 3, 4], [2, 2], 2)).toBe("[[1, 2],\n   [3, 4]]");
    expect(show([1, 2, 3, 4], [2, 1, 2])).toBe("[[[1, 2]],\n\n [[3, 4]]]");
    expect(show([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])).toBe("[[[1, 2],\n  [3, 4]],\n\n [[5, 6],\n  [7, 8]]]");
    expect(show([1, 2, 3, 4], [2, 1, 2, 1])).toBe("[[[[1],\n   [2]]],\n\n\n [[[3],\n   [4]]]]");
  });

  it("leave out the middle of long axes once there are more than 200 elements", () => {
    const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    expect(show(count(200))).toContain(" 99,");
    expect(show(count(201))).toBe("[  0,   1,   2, …, 198, 199, 200]");
    const seven = show(count(7 * 30), [30, 7]);
    expect(seven.split("\n")).toHaveLength(7);
    expect(seven.split("\n")[3]).toBe(" …,");
    expect(seven.split("\n")[0]).toBe("[[  0,   1,   2,   3,   4,   5,   6],");
    expect(show(count(8 * 30), [30, 8]).split("\n")[0]).toBe("[[  0,   1,   2, …,   5,   6,   7],");
  });
});
