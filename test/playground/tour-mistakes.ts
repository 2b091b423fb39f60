/** Typical wrong solutions of the tour's exercises, as edits of the reference solution, and what must be said about each. */

export interface Mistake {
  /** What went wrong, for the title of the test. */
  readonly title: string;
  /** Each text stands once in the reference solution. */
  readonly edits: readonly (readonly [text: string, by: string])[];
  /** Part of the message. */
  readonly says: string;
}

const mistake = (title: string, says: string, ...edits: [string, string][]): Mistake => ({
  title,
  edits,
  says,
});

export const mistakes: Readonly<Record<string, readonly Mistake[]>> = {
  slope: [
    mistake("the change is not divided", "Divide it by how far x moved", [" / (2 * h)", ""]),
    mistake("divided by 2 and multiplied by h", "parentheses", ["(2 * h)", "2 * h"]),
    mistake("divided by h", "from x − h to x + h the distance is 2h", ["(2 * h)", "h"]),
    mistake("a nudge to one side", "Nudge to both sides", ["x - h", "x"], ["(2 * h)", "h"]),
    mistake("a nudge to one side divided by 2h", "from x to x + h the distance is h", ["x - h", "x"]),
    mistake("the sides are swapped", "The sign is wrong", ["x + h", "x - h"], ["f(x - h)) ", "f(x + h)) "]),
    mistake("a nudge that rounds away", "may be too small to see", ["1e-5", "1e-18"]),
    mistake("a large nudge", "a larger one cuts across the bend", ["1e-5", "0.1"]),
    mistake("a small nudge", "a smaller one loses digits", ["1e-5", "1e-12"]),
    mistake("no return", "Is there a return?", ["return", ""]),
  ],
  partials: [
    mistake("all inputs are nudged together", "All inputs were nudged together", [
      "inputs.with(i, value)",
      "inputs.map((other) => other + value - input)",
    ]),
    mistake("the inputs are changed", "changes the array that it was given", [
      "f(inputs.with(i, value))",
      "{ inputs[i] = value; return f(inputs); }",
    ]),
    mistake("f gets one number", "calls f without an array", ["inputs.with(i, value)", "value"]),
    mistake("one number", "one for each", ["inputs.map(", "inputs.slice(0, 1).map("]),
    mistake("a sum", "an array is expected", ["input));", "input)).reduce((sum, value) => sum + value, 0);"]),
    mistake("the others are 0", "the others must have the values", [
      "inputs.with(i, value)",
      "inputs.map((_, k) => (k === i ? value : 0))",
    ]),
  ],
  chain: [
    mistake("all slopes are taken at x", "Take each at its own input", ["slope(value)", "slope(x)"]),
    mistake("the slopes are added", "Along a chain they multiply", ["*=", "+="]),
    mistake("slopes are taken at outputs", "Slopes are taken at the outputs", [
      "derivative *= step.slope(value);\n    value = step.value(value);",
      "value = step.value(value);\n    derivative *= step.slope(value);",
    ]),
    mistake("the last step is left out", "One factor is missing", ["of steps", "of steps.slice(0, -1)"]),
    mistake("the value is returned", "This is the value at the end", ["return derivative", "return value"]),
  ],
  paths: [
    mistake("the first path only", "Only one of the two paths is there", ["sum += ", "return "]),
    mistake("no path ends", "where from is to, with the factor 1", ["return 1", "return 0"]),
    mistake("slopes are added along a path", "Along a path they multiply", ["edge.slope *", "edge.slope +"]),
    mistake(
      "paths are multiplied",
      "Multiply along a path, and add over paths",
      ["let sum = 0", "let sum = edges.some((edge) => edge.from === from) ? 1 : 0"],
      ["sum += ", "sum *= "],
    ),
    mistake("a second edge between two places is left out", "also a second one between the same two", [
      "of edges",
      "of edges.filter((edge, i) => edges.findIndex((other) => other.from === edge.from && other.to === edge.to) === i)",
    ]),
  ],
  value: [
    mistake("nothing is recorded", "has no sources", [
      "this.data * other.data, [\n      { from: this, slope: other.data },\n      { from: other, slope: this.data },\n    ]",
      "this.data * other.data",
    ]),
    mistake(
      "each factor's own value is the slope",
      "as many times as far as the other factor says",
      ["from: this, slope: other.data", "from: this, slope: this.data"],
      ["from: other, slope: this.data", "from: other, slope: other.data"],
    ),
    mistake("the slope is a Value", "Take its data", ["slope: other.data", "slope: other"]),
    mistake("a sum's slopes are its terms", "A sum moves exactly as far as each of its terms", [
      "from: this, slope: 1",
      "from: this, slope: this.data",
    ]),
    mistake("only one operand is recorded", "has 1 of 2 sources", [
      "      { from: other, slope: this.data },\n",
      "",
    ]),
    mistake("the product is stored in the operand", "changes operand 0", [
      "return new Value(this.data * other.data,",
      "this.data *= other.data;\n    return new Value(this.data,",
    ]),
    mistake("x·x has one source", "each use has an entry of its own", [
      "return new Value(this.data * other.data,",
      "if (this === other) return new Value(this.data ** 2, [{ from: this, slope: 2 * this.data }]);\n    return new Value(this.data * other.data,",
    ]),
  ],
  functions: [
    mistake("tanh's slope is written with the operand", "square the value, not the operand", [
      "1 - data * data",
      "1 - x.data * x.data",
    ]),
    mistake("the quotient's second sign", "−a/b² times as far as b", ["-a.data", "a.data"]),
    mistake("exp by the power rule", "The derivative of exp x is exp x", [
      "unary(x, data, data)",
      "unary(x, data, x.data * Math.exp(x.data - 1))",
    ]),
    mistake("sin's slope at the value", "The derivative of sin x is cos x", [
      "Math.cos(x.data)",
      "Math.cos(Math.sin(x.data))",
    ]),
    mistake("the divisor is no source", "has 1 of 2 sources", [
      "\n    { from: b, slope: -a.data / (b.data * b.data) },",
      "",
    ]),
  ],
  order: [
    mistake(
      "a value is written down when it is first seen",
      "Write a value down when its sources are done",
      ["      done.push(top.value);\n", ""],
      ["const done = []", "const done = [result]"],
      ["seen.add(from);", "seen.add(from);\n    done.push(from);"],
      ["done.reverse()", "done"],
    ),
    mistake("the list is not turned around", "turn the list around", ["done.reverse()", "done"]),
    mistake("values are not remembered", "Keep a Set of those that were seen", [
      "if (seen.has(from)) continue;",
      "",
    ]),
    mistake("recursion", "overflows the stack", [
      "const stack = [{ value: result, next: 0 }];",
      "const visit = (value) => {\n    for (const { from } of value.sources) if (!seen.has(from)) {\n      seen.add(from);\n      visit(from);\n    }\n    done.push(value);\n  };\n  visit(result);\n  const stack = [];",
    ]),
    mistake("the result is left out", "is missing", ["done.reverse()", "done.slice(0, -1).reverse()"]),
    mistake("entries of the stack", "not copies, sources or entries of a stack", [
      "done.push(top.value)",
      "done.push(top)",
    ]),
  ],
  backward: [
    mistake("nothing does not count as 0", "is NaN", ["(cotangents.get(from) ?? 0)", "cotangents.get(from)"]),
    mistake(
      "contributions replace each other",
      "contribution of the second use of x replaces the first instead of being added",
      ["(cotangents.get(from) ?? 0) + ", ""],
    ),
    mistake("the cotangent is forgotten", "This is the slope alone", ["cotangent * slope", "slope"]),
    mistake("the walk starts with 0", "The walk starts with 1", ["[[result, 1]]", "[[result, 0]]"]),
    mistake("cotangent and slope are added", "Multiply them", ["cotangent * slope", "cotangent + slope"]),
    mistake("only the first use counts", "Only the first use of x counts", [
      "cotangents.set(from, (cotangents.get(from) ?? 0) + cotangent * slope)",
      "if (!cotangents.has(from)) cotangents.set(from, cotangent * slope)",
    ]),
    mistake(
      "another order",
      "walk in the order of order(result)",
      ["of order(result)", "of breadthFirst(result)"],
      [
        "export function",
        "function breadthFirst(result) {\n  const seen = new Set([result]);\n  for (const value of seen) for (const { from } of value.sources) seen.add(from);\n  return seen;\n}\n\nexport function",
      ],
    ),
  ],
  stretch: [
    mistake("rows are counted with the new columns", "A single row stands in every row", [
      "x.data[row * xColumns + column]",
      "x.data[(row * columns + column) % x.data.length]",
    ]),
    mistake("it takes what does not fit", "does not stretch to", ["throw new Error(", "void new Error("]),
    mistake("single columns are not repeated", "not finite", ["xColumns === 1 ? 0 : j", "j"]),
    mistake("rows and columns of the shape are swapped", "has the shape", [
      "new Tensor([rows, columns], data)",
      "new Tensor([columns, rows], data)",
    ]),
  ],
  "sum-to": [
    mistake("numbers replace each other", "A later number replaces an earlier one", ["+=", "="]),
    mistake("the mean", "This is the mean", [
      "c.data[i * cColumns + j];",
      "(c.data[i * cColumns + j] * rows * columns) / (cRows * cColumns);",
    ]),
    mistake("nothing is summed", "has the shape", ["new Tensor([rows, columns], data)", "c"]),
    mistake("only rows are summed", "Add all", ["columns === 1 ? 0 : j", "j"]),
  ],
  arithmetic: [
    mistake("a Tensor in place of its numbers", "They are its data", ["sum.data", "sum"]),
    mistake("the sum over what was repeated is forgotten", "The contribution has the shape of the operand", [
      "{ from: x, vjp: (c) => sumTo(c, x.shape) }",
      "{ from: x, vjp: (c) => c }",
    ]),
    mistake("a product's factors are not swapped", "c is multiplied with the other factor", [
      "product(c, wideY), x.shape",
      "product(c, wideX), x.shape",
    ]),
    mistake("the cotangent is forgotten", "c is multiplied with the other factor", [
      "sumTo(product(c, wideY), x.shape)",
      "sumTo(wideY, x.shape)",
    ]),
    mistake("nothing is recorded", "has 0 of 2 sources", [
      "product(wideX, wideY).data, [\n    { from: x, vjp: (c) => sumTo(product(c, wideY), x.shape) },\n    { from: y, vjp: (c) => sumTo(product(c, wideX), y.shape) },\n  ]",
      "product(wideX, wideY).data",
    ]),
    mistake("sources are the stretched tensors", "has no source from operand 0", [
      "from: x, vjp: (c) => sumTo(product",
      "from: wideX, vjp: (c) => sumTo(product",
    ]),
  ],
  matmul: [
    mistake("nothing is transposed on the way to a", "To the first operand goes c · bᵀ", [
      "product(c, transpose(b))",
      "product(c, b)",
    ]),
    mistake("the factors are swapped on the way to b", "To the second operand goes aᵀ · c", [
      "product(transpose(a), c)",
      "product(c, transpose(a))",
    ]),
    mistake("it takes what does not fit", "which do not fit, and does not say so", [
      "throw new Error(",
      "void new Error(",
    ]),
    mistake("the product is not summed", "and should be", ["+= factor", "= factor"]),
    mistake("columns of b are walked with the wrong stride", "and should be", [
      "b.data[k * columns + j]",
      "b.data[j * inner + k]",
    ]),
  ],
  gradients: [
    mistake("contributions replace each other", "contribution of the second use of x replaces the first", [
      "sum === undefined ? contribution : zip(sum, contribution, (a, b) => a + b)",
      "contribution",
    ]),
    mistake("sums are made in place", "Adding to its numbers in place changes it for all of them", [
      "cotangents.set(from, sum === undefined ? contribution : zip(sum, contribution, (a, b) => a + b));",
      "if (sum === undefined) cotangents.set(from, contribution);\n      else contribution.data.forEach((value, i) => {\n        sum.data[i] += value;\n      });",
    ]),
    mistake("the cotangent that is given is not used", "The cotangent that was given is not used", [
      "[[result, cotangent]]",
      "[[result, new Tensor(result.shape, result.data.map(() => 1))]]",
    ]),
    mistake("the vjp is not called", "passed on as it is", ["vjp(c)", "c"]),
    mistake("the default is 0", "Where none is given, it is 1", [
      "result.data.map(() => 1))",
      "result.data.map(() => 0))",
    ]),
  ],
  dual: [
    mistake("f gets an array", "Each input is an argument of its own", ["f(...duals)", "f(duals)"]),
    mistake("tangents are multiplied", "The tangents are multiplied", [
      "this.tangent * other.value + this.value * other.tangent",
      "this.tangent * other.tangent",
    ]),
    mistake("only the first factor moves", "Only one of the two operands moves", [
      " + this.value * other.tangent",
      "",
    ]),
    mistake("only the first term moves", "Only one of the two operands moves", [
      "this.tangent + other.tangent",
      "this.tangent",
    ]),
    mistake("only the first input moves", "Every input starts with its own tangent", [
      "tangents[i]",
      "i === 0 ? tangents[0] : 0",
    ]),
    mistake("each factor's own tangent and value", "A product moves by", [
      "this.tangent * other.value + this.value * other.tangent",
      "this.tangent * this.value + other.value * other.tangent",
    ]),
  ],
  silu: [
    mistake("the derivative of the sigmoid", "σ(x) + x·σ(x)·(1 − σ(x))", [
      "gate + x.data[i] * gate * (1 - gate)",
      "gate * (1 - gate)",
    ]),
    mistake("the second term of the product rule is missing", "σ(x) + x·σ(x)·(1 − σ(x))", [
      "gate + x.data[i] * gate * (1 - gate)",
      "gate",
    ]),
    mistake("the cotangent is forgotten", "It is c times", [
      "(c, slope) => c * slope",
      "(c, slope) => slope",
    ]),
    mistake("the sigmoid alone", "and should be", ["gate * x.data[i]", "gate"]),
  ],
  "mean-squared-error": [
    mistake("the sum", "The loss is their mean", ["sum / n", "sum"]),
    mistake("the gradient is not divided", "2·(guess − target)/n", [
      "(c.data[0] * 2 * difference) / n",
      "c.data[0] * 2 * difference",
    ]),
    mistake("the 2 is forgotten", "2·(guess − target)/n", [
      "c.data[0] * 2 * difference",
      "c.data[0] * difference",
    ]),
    mistake("the sign is wrong", "2·(guess − target)/n", [
      "c.data[0] * 2 * difference",
      "c.data[0] * -2 * difference",
    ]),
    mistake("the cotangent is forgotten", "c is the one number", [
      "c.data[0] * 2 * difference",
      "2 * difference",
    ]),
  ],
  sgd: [
    mistake("uphill", "It goes uphill", ["-=", "+="]),
    mistake("no rate", "The rate is missing", ["rate * ", ""]),
    mistake("a new array", "where they stand", [
      "for (let i = 0; i < parameter.data.length; i++) parameter.data[i] -= rate * gradient.data[i];",
      "const moved = parameter.data.map((value, i) => value - rate * gradient.data[i]);",
    ]),
    mistake("the first parameter only", "Change the numbers of every parameter", [
      "of parameters",
      "of parameters.slice(0, 1)",
    ]),
  ],
  adam: [
    mistake(
      "no bias correction",
      "The bias correction is missing",
      ["1 - 0.9 ** this.steps", "1"],
      ["1 - 0.999 ** this.steps", "1"],
    ),
    mistake("ε below the root", "not √(s + ε)", [
      "(Math.sqrt(square[i] / squareShare) + 1e-8)",
      "Math.sqrt(square[i] / squareShare + 1e-8)",
    ]),
    mistake("averages are forgotten", "keep both averages from one step to the next", [
      "this.steps++;",
      "this.steps = 1;\n    for (const numbers of [...this.means, ...this.squares]) numbers.fill(0);",
    ]),
    mistake(
      "corrected averages are kept",
      "averages themselves stay uncorrected",
      ["0.1 * gradient[i];", "0.1 * gradient[i];\n        mean[i] /= meanShare;"],
      ["(mean[i] / meanShare)", "mean[i]"],
    ),
    mistake("uphill", "It goes uphill", ["-= (", "+= ("]),
    mistake("the root is forgotten", "The first step has the size of the rate", [
      "Math.sqrt(square[i] / squareShare)",
      "square[i] / squareShare",
    ]),
    mistake(
      "all parameters share their averages",
      "each parameter has averages of its own",
      ["this.means[k]", "this.means[0]"],
      ["this.squares[k]", "this.squares[0]"],
    ),
  ],
  recorded: [
    mistake("slopes are numbers", "A number does not remember", [
      "slope: () => other",
      "slope: () => other.data",
    ]),
    mistake("slopes are copies", "It forgets that it is that operand", [
      "slope: () => other",
      "slope: () => new Recorded(other.data)",
    ]),
    mistake(
      "slopes are computed at once",
      "never comes to an end",
      ["slope: () => cos(x)", "slope: ((slope) => () => slope)(cos(x))"],
      [
        "slope: () => sin(x).mul(new Recorded(-1))",
        "slope: ((slope) => () => slope)(sin(x).mul(new Recorded(-1)))",
      ],
    ),
    mistake("the slope of cos has the wrong sign", "has the slope", ["new Recorded(-1)", "new Recorded(1)"]),
    mistake("exp's slope is cut off", "its own derivative is 0", [
      "slope: () => result",
      "slope: () => new Recorded(Math.exp(x.data))",
    ]),
    mistake("slopes are no functions", "Write a function that returns a Recorded", [
      "slope: () => this",
      "slope: this",
    ]),
  ],
  grad: [
    mistake("a slope that is not called", "a function that was not called", ["slope()", "slope"]),
    mistake("a copy of x", "it does not remember that it came from x", [
      "const result = f(x);",
      "x = new Recorded(x.data);\n    const result = f(x);",
    ]),
    mistake("contributions of data", "not their data", [
      "cotangent.mul(slope())",
      "new Recorded(cotangent.data * slope().data)",
    ]),
    mistake("contributions replace each other", "replaces the first instead of being added", [
      "sum === undefined ? contribution : sum.add(contribution)",
      "contribution",
    ]),
    mistake("a function that does not use x", "Its derivative is 0", [" ?? new Recorded(0)", ""]),
    mistake("a number", "where a Recorded is expected", [
      "return cotangents.get(x) ?? new Recorded(0)",
      "return cotangents.get(x)?.data ?? 0",
    ]),
  ],
  newton: [
    mistake("uphill", "s the sign right", ["x -=", "x +="]),
    mistake("a zero of f", "not f/slope", [
      "slope(at).data / curvature(at).data",
      "f(at).data / slope(at).data",
    ]),
    mistake("a gradient step", "one step of −slope/curvature ends exactly there", [
      "slope(at).data / curvature(at).data",
      "0.01 * slope(at).data",
    ]),
    mistake("a single step", "It takes more than one step", ["step < 30", "step < 1"]),
    mistake("all steps from the start", "Take slope and curvature at the place where x is by then", [
      "new Recorded(x)",
      "new Recorded(start)",
    ]),
  ],
  agrees: [
    mistake("a fixed tolerance", "allow a difference that grows", [
      "1e-4 * Math.abs(expected[i]) + 1e-8 * largest",
      "1e-8",
    ]),
    mistake("a wide fixed tolerance", "A fixed tolerance is too wide for small numbers", [
      "1e-4 * Math.abs(expected[i]) + 1e-8 * largest",
      "1e-4 * Math.max(1, largest)",
    ]),
    mistake("NaN passes", "Comparisons with NaN are false", [
      "given.every((value, i) => Math.abs(value - expected[i]) <=",
      "!given.some((value, i) => Math.abs(value - expected[i]) >",
    ]),
    mistake("only the first element", "Compare each element", ["given.every(", "given.slice(0, 1).every("]),
    mistake("signs are ignored", "has the wrong sign", [
      "Math.abs(value - expected[i])",
      "Math.abs(Math.abs(value) - Math.abs(expected[i]))",
    ]),
    mistake("elements may be missing", "fewer elements than there are inputs", [
      "given.length === expected.length &&",
      "",
    ]),
  ],
  holds: [
    mistake("ones in all places", "draw each number", ["() => random())", "() => 1)"]),
    mistake("a single pair", "where 20 are asked for", ["round < 20", "round < 1"]),
    mistake("no tolerance", "allow a little", ["1e-9 * (scale(y, forward) + scale(backward, x))", "0"]),
    mistake("a fixed tolerance", "A fixed tolerance is too wide", [
      "1e-9 * (scale(y, forward) + scale(backward, x))",
      "1e-6 * Math.max(1, scale(y, forward))",
    ]),
    mistake(
      "the sizes are swapped",
      "there are",
      ["draw(inputs, random)", "draw(outputs, random)"],
      ["const y = draw(outputs, random)", "const y = draw(inputs, random)"],
    ),
    mistake("NaN passes", "takes a jvp that is NaN", [
      "!(difference <= 1e-9 * (scale(y, forward) + scale(backward, x)))",
      "difference > 1e-9 * (scale(y, forward) + scale(backward, x))",
    ]),
  ],
  smallest: [
    mistake("one step", "try all simpler lists again", ["    list = next;", "    return next;"]),
    mistake("elements are not halved", "has an element halved", ["[...shorter, ...halved]", "shorter"]),
    mistake("elements are not dropped", "has one element less", ["[...shorter, ...halved]", "halved"]),
    mistake("a list that passes", "which does not fail", [
      "if (next === undefined) return list;",
      "if (next === undefined) return simplerThan(list)[0];",
    ]),
    mistake("halving without an end", "Halving 0 gives 0", ["value === 0 ? [] : ", "value > 99 ? [] : "]),
    mistake(
      "the given list is changed",
      "changes the list that it was given",
      ["  for (;;) {", "  const given = list;\n  for (;;) {"],
      ["return list;", "return given.splice(0, given.length, ...list), list;"],
    ),
  ],
  "add-noise": [
    mistake("curve and noise are swapped", "Curve and noise are swapped", [
      "(1 - a) * value + a *",
      "a * value + (1 - a) *",
    ]),
    mistake("the curve does not fade", "The curve itself does not fade", ["(1 - a) * value", "value"]),
    mistake("another schedule", "This is another schedule", [
      "(1 - a) * value",
      "Math.sqrt(1 - a * a) * value",
    ]),
    mistake("one amount for all", "Each row has its own", ["amounts[Math.floor(k / columns)]", "amounts[0]"]),
    mistake("an amount for each column", "not finite", [
      "amounts[Math.floor(k / columns)]",
      "amounts[k % columns]",
    ]),
  ],
  denoise: [
    mistake(
      "nothing is added back",
      "The outputs of the first two layers are not added back",
      ["add(fourth, second)", "fourth"],
      ["add(fifth, first)", "fifth"],
    ),
    mistake("one of the two is not added back", "The 32 numbers of layer 1 are not added", [
      "add(fifth, first)",
      "fifth",
    ]),
    mistake("SiLU after the last layer", "leave it out there", [
      "return applyLayer(layers[5], add(fifth, first));",
      "return silu(applyLayer(layers[5], add(fifth, first)));",
    ]),
    mistake("a layer without SiLU", "SiLU follows each layer but the last", [
      "silu(applyLayer(layers[2], second))",
      "applyLayer(layers[2], second)",
    ]),
    mistake("the tape is cut", "does not lead back to the parameters of layer 1", [
      "return applyLayer",
      "first.sources = [];\n  return applyLayer",
    ]),
  ],
  sample: [
    mistake("the first guess", "It believes the first guess at once", [
      "  for (let i = 0; i < 31; i++) {",
      "  return guess(x);\n  for (let i = 0; i < 31; i++) {",
    ]),
    mistake("equal parts", "All steps go 1/31 of the way", ["1 / (31 - i)", "1 / 31"]),
    mistake("the last step is missing", "Count the steps", ["i < 31", "i < 30"]),
    mistake("one off", "Count the steps", ["1 / (31 - i)", "1 / (32 - i)"]),
    mistake(
      "from the noise each time",
      "as the step before left it",
      ["x = zip(x, guess(x)", "x = zip(noise, guess(x)"],
      ["const m = 1 / (31 - i);", "const m = 1 / (32 - i);"],
    ),
    mistake(
      "the noise is changed",
      "changes the noise",
      ["new Tensor(noise.shape, noise.data)", "noise"],
      [
        "x = zip(x, guess(x), (value, guessed) => (1 - m) * value + m * guessed);",
        "const guesses = guess(x);\n    x.data.forEach((value, k) => {\n      x.data[k] = (1 - m) * value + m * guesses.data[k];\n    });",
      ],
    ),
  ],
};
