/**
 * Programs with every operation, exported: the code for halograd gives the bits that the page has, those for PyTorch and JAX the same
 * numbers, where these are installed.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { presets } from "../../examples/playground/stepper/presets.ts";
import { requireFreshBuild } from "../fresh-build.ts";
import { pythonWith } from "../python.ts";
import { buildPages } from "./browser.ts";

const folder = fileURLToPath(new URL("../../.build/playground/exports", import.meta.url));

const X = "x = [[0.3, 1.2, 0.7], [2.1, 0.4, 1.6]]\ny = [0.5, -1.1, 0.9]\n";
const f = (e: string) => `${X}z = ${e}\nf = (z * z + z + x.sum() * 0.1).sum() + y.sum()`;
const un = [
  "abs",
  "neg",
  "sign",
  "square",
  "sqrt",
  "rsqrt",
  "reciprocal",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sin",
  "cos",
  "tanh",
  "erf",
  "erfc",
  "sigmoid",
  "silu",
  "relu",
  "leakyRelu",
  "elu",
  "gelu",
  "softplus",
  "clone",
  "contiguous",
  "flatten",
  "detach",
  "squeeze",
  "flip",
];
const programs = [
  ...presets.map(({ source }) => source),
  ...un.map((n) => f(`x.${n}()`)),
  ...un.filter((n) => n !== "detach").map((n) => f(`${n}(x)`)),
  ...[
    "add",
    "sub",
    "mul",
    "div",
    "maximum",
    "minimum",
    "less",
    "greater",
    "lessEqual",
    "greaterEqual",
    "equal",
    "notEqual",
  ].map((n) => f(`x.${n}(y)`)),
  ...["add", "sub", "mul", "div", "maximum", "minimum", "less", "pow"].map((n) => f(`x.${n}(2)`)),
  f("pow(x, 2.5)"),
  f("2 ** x"),
  f("x ** y"),
  f("(-x) ** 2"),
  f("2 - x"),
  f("1 / x / 2"),
  f("x - (y - x)"),
  f("x / (y * x)"),
  f("x < y"),
  f("x >= 1"),
  f("x == y"),
  f("x != y"),
  f("x > 1"),
  f("where(x.greater(1), x, y)"),
  f("where([1, 0, 1], x, 2)"),
  f("linearCombination(2, x, 0.5, y)"),
  f("clamp(x, 0.5, 1.5)"),
  f("x.clamp(0.5, y)"),
  f("x.leakyRelu(0.2)"),
  ...["tan", "sinh", "cosh", "log2", "log10", "atan", "logSigmoid"].map((n) => f(`${n}(x)`)),
  ...["floor", "ceil", "round", "isNaN", "isFinite"].map((n) => f(`x * ${n}(y)`)),
  ...["asin", "acos"].map((n) => f(`${n}(x / 10)`)),
  ...["atan2", "remainder", "logAddExp"].map((n) => f(`${n}(x, y)`)),
  f("outer(x.at(0), y)"),
  ...["tril", "triu", "diagonal"].map((n) => f(`${n}(x) * 2`)),
  f("tril(x, 1)"),
  f("cumprod(x, 1)"),
  f("any(x - 1.2, 1)"),
  f("x + any(x, [0, 1], { keepdim: true }) + all(x - 1.2, 0) + all(x)"),
  ...["", ", 1", ", 0, { descending: true }", ", undefined, { descending: false }"].flatMap((rest) => [
    f(`sort(x${rest})`),
    f(`x * argsort(x${rest})`),
  ]),
  f("gather(x, 1, tensor([[1, 0], [-1, -1]]))"),
  f("gather(x + y, 0, argsort(x, 0))"),
  f("scatterAdd(x, 1, tensor([[0, 3, 0], [-1, 1, 3]]), 4)"),
  f("scatterAdd(x, -2, tensor([[0, 1, 2], [0, 0, 2]]), 3)"),
  f("maskedFill(x, x < 1, 0.5)"),
  f("maskedFill(x, [0, 1, 0], -2)"),
  f("maskedSelect(x, x > 0.5)"),
  f("maskedSelect(x, [1, 0, 1])"),
  f("pad(x, [[1, 2]])"),
  f("pad(x + 1, [[0, 1], [2, 0]], -0.5)"),
  f("repeat(x, [2, 1, 3])"),
  f("roll(x, 1, 1)"),
  f("roll(x, [1, -2], [0, 1])"),
  f("unfold(x, [2])"),
  f("unfold(x, [2, 2], { stride: [1, 1] })"),
  f("unfold(pad(x, [[1, 1], [2, 2]]), [2, 3], { stride: [1, 2], dilation: [2, 1] })"),
  f("conv1d(x.unsqueeze(0), [[[1, 2], [0.5, -1]]])"),
  f("conv1d(x.unsqueeze(0), [[[1, 2], [0.5, -1]]], [0.5], { stride: 2, padding: 1 })"),
  f("conv1d(x.unsqueeze(0), [[[1, 2]], [[3, -1]]], undefined, { groups: 2, dilation: 2 })"),
  f(
    "conv2d(x.reshape([1, 1, 2, 3]), ones([2, 1, 2, 2]), [1, 2] + y.at(0), { padding: [1, 0], stride: [1, 2] })",
  ),
  f("conv2d(x.reshape([1, 2, 1, 3]), ones([2, 1, 1, 2]), [1, 2], { groups: 2, dilation: [1, 2] })"),
  f("maxPool(x, [2])"),
  f("maxPool(-x, [2, 2], { stride: 1, padding: [0, 1] })"),
  f("averagePool(x, [3])"),
  f("averagePool(x, [2, 2], { stride: [1, 2], padding: 1, dilation: [2, 1] })"),
  f("solve(matmul(x, x.transpose()) + eye(2), x)"),
  f("cholesky(matmul(x, x.transpose()) + eye(2))"),
  ...[
    "1",
    "3",
    "1.5, 1, { keepdim: true }",
    "Infinity",
    "-Infinity, 0, { keepdim: true }",
    "0",
    "2, [0, 1]",
  ].map((rest) => f(`x * vectorNorm(x, ${rest})`)),
  ...["", ', { reduction: "sum" }', ', { reduction: "none" }'].flatMap((rest) => [
    f(`binaryCrossEntropyWithLogits(x, [[1, 0, 1], [0, 0.5, 1]]${rest})`),
    f(`crossEntropyLoss(x, [0, 2]${rest})`),
  ]),
  f("crossEntropyLoss(x, y.softmax() + x)"),
  f("mseLoss(x, x * 2 - y) + l1Loss(x, y - x)"),
  f("huberLoss(x, y - x, { delta: 0.7 })"),
  f("linear(x, [[1, 2, 3]] + y, y.at(0) + [1])"),
  f("x.layerNorm(y + 1, y * 2)"),
  f("x.sum()"),
  f("x.sum(1)"),
  f("x.sum([0, 1])"),
  f("x.sum(0, { keepdim: true })"),
  f("x.mean(-1, { keepdim: true })"),
  f("x.mean()"),
  f("x.max()"),
  f("x.max(1)"),
  f("x.min([0, 1])"),
  f("x.min(0, { keepdim: true })"),
  f("x.variance()"),
  f("x.variance(1, { correction: 0 })"),
  f("x.std(1)"),
  f("x.std()"),
  f("x.norm()"),
  f("x.norm(1, { keepdim: true })"),
  f("x.logsumexp()"),
  f("x.logsumexp(1)"),
  f("x.softmax()"),
  f("softmax(x, 0)"),
  f("x.logSoftmax()"),
  f("layerNorm(x, y, [0.1, 0.2, 0.3])"),
  f("x.layerNorm()"),
  f("x.layerNorm(y)"),
  f("x.layerNorm(undefined, undefined, 0.01)"),
  f("x.cumsum(1)"),
  f("x.argmax(1)"),
  f("x.argmax()"),
  f("x.argmin(0, { keepdim: true })"),
  f("matmul(x, y)"),
  f("matmul(x, x.transpose())"),
  f("linear(x, [[1, 2, 3], [0.1, 0.2, 0.3]])"),
  f("linear(x, [[1, 2, 3]], [0.5], silu)"),
  f("x.linear([[1, 2, 3]], undefined, tanh)"),
  f("mseLoss(x, [[1, 2, 3], [4, 5, 6]])"),
  f("l1Loss(x, [[1, 2, 3], [4, 5, 6]])"),
  f("huberLoss(x, [[1, 2, 3], [4, 5, 6]], { delta: 0.7 })"),
  f('mseLoss(x, [[1, 2, 3], [4, 5, 6]], { reduction: "sum" })'),
  f('l1Loss(x, [[1, 2, 3], [4, 5, 6]], { reduction: "none" })'),
  f('huberLoss(x, [[1, 2, 3], [4, 5, 6]], { delta: 0.7, reduction: "none" })'),
  f('crossEntropyLoss(x, [[0, 1, 0], [1, 0, 0]], { reduction: "sum" })'),
  f("huberLoss(x, [[1, 2, 3], [4, 5, 6]])"),
  f("crossEntropyLoss(x, [[0, 1, 0], [1, 0, 0]])"),
  f("x.reshape([3, 2])"),
  f("x.reshape([-1])"),
  f("x.permute([1, 0])"),
  f("x.transpose()"),
  f("x.transpose(0, 1)"),
  f("x.expand([2, 2, 3])"),
  f("x.unsqueeze(1)"),
  f("x.unsqueeze(-1).squeeze(-1)"),
  f("x.unsqueeze(0).squeeze([0])"),
  f("x.unsqueeze(0).flatten(1, 2)"),
  f("x.unsqueeze(0).flatten(0, 1)"),
  f("x.unsqueeze(0).flatten(1)"),
  f("x.flip(1)"),
  f("x.flip([0, 1])"),
  f("x.slice([0, 1])"),
  f("x.slice([0, 2], [1, 3])"),
  f("x.slice(1)"),
  f("x.slice(-1, [0, 2])"),
  f("x.at(1)"),
  f("x.at(-1, 2)"),
  f("x.slice([0, 2], [0, 3, 2])"),
  f("x.indexSelect(1, [2, 0, 2])"),
  f("indexAdd(x, 0, [1, 3], 4)"),
  f("indexAdd(x, 1, [0, 1, 0], 2)"),
  f("concat([x, x * 2])"),
  f("concat([x, x * 2], 1)"),
  f("stack([x, x])"),
  f("stack([y, y], 1)"),
  f('x.to("float32")'),
  f("x + zeros([2, 3]) + ones([3]) + full([2, 1], 0.5)"),
  f("x + eye(3).at(0) + arange(3) + linspace(0, 1, 3)"),
  f("x * normal([2, 3], new Random(3)) + uniform([3], new Random(4))"),
  f("x * Math.PI + Math.E"),
  f("x * (2 + 3 * 4) - 2 ** 3 / 4"),
  f("(x + y) * 2 ** -1"),
  f("-(x + y)"),
  f("- - x"),
  f("+x"),
  "lambda = 2\ndef = 3\nf = lambda * def",
  "x = 2\nx2 = x * x\nx3 = x2 + 1\nf = x3 * 3",
  f("x.unsqueeze(0).unsqueeze(0).squeeze([0, 1])"),
  f("x.unsqueeze(0).unsqueeze(-1).squeeze([-4, -1])"),
  f("[1, 2, 3].mul(x)"),
  f("matmul([[1, 2], [3, 4]], x)"),
  f("x.matmul([[1], [2], [3]])"),
  "x = 2\nx * x",
  "const a = tensor([1, 2], { requiresGrad: true })\nlet b = a * 2\nc = b + 1\nf = c.sum()",
  "x = 3\nprint = x * 2\nvalue = print + 1\nf = value * value",
];

type Program = typeof import("../../examples/playground/stepper/program.ts");
type Exports = typeof import("../../examples/playground/stepper/exports.ts");
let program: Program;
let exports: Exports;

beforeAll(async () => {
  requireFreshBuild();
  buildPages();
  // What these import has been installed by the build.
  program = await import("../../examples/playground/stepper/program.ts");
  exports = await import("../../examples/playground/stepper/exports.ts");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}, 120_000);

test("every operation is in one of the programs", () => {
  const all = programs.join("\n");
  expect(program.vocabulary.filter((name) => !all.includes(`${name}(`))).toEqual([]);
});

test("code for halograd computes the same bits, and there is code for PyTorch and JAX", async () => {
  for (const [i, source] of programs.entries()) {
    const run = program.runProgram(source);
    const codes = (["halograd", "pytorch", "jax"] as const).map((target) => exports.exportCode(run, target));
    run.result.backward();
    const expected = Object.fromEntries([
      ["value", run.result.item()],
      ...[...run.leaves].map(([name, leaf]) => [name, leaf.grad!.toArray()]),
    ]);
    const result = /^console\.log\("([\p{L}\w]+) =", /mu.exec(codes[0])![1];
    const numbers = Object.keys(expected).map((name) =>
      name === "value" ? `value: ${result}.item()` : `${name}: ${name}.grad.toArray()`,
    );
    const module = join(folder, `op${i}.mjs`);
    writeFileSync(
      module,
      `${codes[0].replace(/^console\.log.*$/gm, "")}\nexport const numbers = { ${numbers.join(", ")} };\n`,
    );
    writeFileSync(join(folder, `op${i}.pytorch.py`), codes[1]);
    writeFileSync(join(folder, `op${i}.jax.py`), codes[2]);
    writeFileSync(join(folder, `op${i}.json`), JSON.stringify(expected));
    const found = await import(/* @vite-ignore */ module);
    expect(found.numbers, source).toEqual(expected);
  }
});

const script = fileURLToPath(new URL("../../examples/playground/check_exports.py", import.meta.url));

for (const [name, module] of [
  ["PyTorch", "torch"],
  ["JAX", "jax"],
]) {
  // biome-ignore format: one line.
  const python = pythonWith(module);
  test.skipIf(python === undefined)(
    `code for ${name} computes the same numbers`,
    { timeout: 600_000 },
    () => {
      const { stdout, stderr } = spawnSync(python!, ["-W", "ignore", script, folder, name.toLowerCase()], {
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      expect(stdout).toMatch(new RegExp(`^the same numbers: ${programs.length} ${name} programs`));
    },
  );
}
