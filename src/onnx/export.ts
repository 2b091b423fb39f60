/** A function of tensors as an ONNX file: it is called twice, with two numbers of rows, and what it applied is written down. */

import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { type Shape, type Span, sameShape, showShape, sizeOf } from "../basics/shape.ts";
import {
  type Bytes,
  type Dtype,
  type FloatArray,
  type Storage,
  type Watcher,
  withWatcher,
} from "../kernels/index.ts";
import { type Interceptor, withInterceptor } from "../ops/composite.ts";
import { isTensor } from "../ops/operands.ts";
import { type Attributes, type Observer, withObserver } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { withWriteObserver } from "../ops/writes.ts";
import { tensor } from "../tensor/construction.ts";
import { addApplication, type Exported, wholeCall } from "./forms.ts";
import { Graph, type Port, type Size, type Value } from "./graph.ts";

/** Tensors by name, in the order of the function's arguments. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** What can be exported: a module, or any other object with a function of tensors called `forward`. */
export interface Exportable {
  /** Takes the inputs in their order. Returns a tensor, or several by name. */
  forward(...inputs: never[]): Tensor | NamedTensors;
  /** The parameters, which keep their names in the file. */
  namedParameters?(): Iterable<readonly [name: string, parameter: Tensor]>;
  /** What else keeps its name, such as running statistics. */
  namedBuffers?(): Iterable<readonly [name: string, buffer: Tensor]>;
}

/** Settings of {@link exportOnnx}. */
export interface ExportOptions {
  /** Texts to keep in the file, by name: where the model comes from. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const WHERE = "exportOnnx";

/**
 * A module as the bytes of an ONNX file (operator set 18), for engines that run on graphics processors and clusters. Rows stay free: every
 * input that has as many rows as the first one takes any number of them. The same numbers come out, to the accuracy of float32.
 *
 * @param module whose `forward` is exported
 * @param exampleInput a tensor of the right shape, which the file calls `input`, or several by name, in the order of the arguments
 * @throws ArgumentError for what has no ONNX form: random numbers, changes in place, `solve`, `cholesky`, operations with code of their
 *   own, and a function that looks at the values of its inputs or whose constants depend on the number of rows
 * @example
 * const model = new DenoisingAutoencoder(new Random(0), [50, 16, 4]);
 * const bytes = exportOnnx(model, zeros([1, 50]), { metadata: { seed: "0" } }); // for a file model.onnx
 * bytes instanceof Uint8Array // true
 */
export function exportOnnx(
  module: Exportable,
  exampleInput: Tensor | NamedTensors,
  options: ExportOptions = {},
): Bytes {
  checkOptions(WHERE, options, ["metadata"]);
  if (typeof module?.forward !== "function") {
    const problem = `takes a module; got ${describeValue(module)}.`;
    throw new ArgumentError(WHERE, problem, "give an object with a function forward(x).");
  }
  const inputs = namedTensors("the example input", exampleInput, "input");
  const parameters = [...(module.namedParameters?.() ?? []), ...(module.namedBuffers?.() ?? [])];
  const traces = (keepsWhole: boolean): Trace[] =>
    [2, 3].map((rows) => traceOf(module, inputs, parameters, rows, keepsWhole));
  const [one, other] = orElse(INSIDE, () => traces(true), () => traces(false)); // biome-ignore format: one line.
  return write(one, other, inputs, parameters, options.metadata ?? {});
}

/** Thrown when something from inside a call is used that was written down as a whole: a gradient goes through its parts. */
const INSIDE: unique symbol = /* @__PURE__ */ Symbol("inside");

/** What `first` returns, or where it throws this, `second`. */
function orElse<T>(thrown: unknown, first: () => T, second: () => T): T {
  try {
    return first();
  } catch (error) {
    if (error !== thrown) throw error;
    return second();
  }
}

/** Where an operand comes from. */
type Reference =
  | { readonly kind: "input" | "result" | "parameter"; readonly index: number }
  | { readonly kind: "constant"; readonly shape: Shape; readonly data: FloatArray };

interface TracedApplication {
  readonly operation: Exported;
  readonly operands: readonly Reference[];
  readonly shapes: readonly Shape[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

interface Trace {
  readonly shapes: readonly Shape[];
  readonly applications: readonly TracedApplication[];
  readonly outputs: readonly (readonly [name: string, Reference, Shape, Dtype])[];
}

/** Calls the function on so many rows, and writes down what it applies: convolutions as a whole, or as what they are composed of. */
function traceOf(
  module: Exportable,
  examples: readonly (readonly [string, Tensor])[],
  parameters: readonly (readonly [string, Tensor])[],
  rows: number,
  keepsWhole: boolean,
): Trace {
  const batch = examples[0][1].shape[0];
  const inputs = examples.map(([, example]) => withRows(example, batch, rows));
  /** What operations have given, by layout. */
  const known = new Map<Storage, Map<string, Reference>>();
  /** Memory of parameters and constants, of which operations may have given views. */
  const fixed = new Set<Storage>();
  const isComputed = (storage: Storage): boolean => known.has(storage) && !fixed.has(storage);
  /** Whose elements were made in calls that are kept whole. */
  const inside = new Set<Storage>();
  const register = (made: Tensor, reference: Reference): void => {
    const layouts = known.get(made.storage) ?? new Map<string, Reference>();
    known.set(made.storage, layouts.set(layoutOf(made), reference));
  };
  const named = new Map(
    parameters.map(([, parameter], index) => [parameter.storage, { index, layout: layoutOf(parameter) }]),
  );
  for (const [index, input] of inputs.entries()) register(input, { kind: "input", index });
  const referenceTo = (value: Tensor): Reference => {
    const { storage } = value;
    const layout = layoutOf(value);
    const found = known.get(storage)?.get(layout);
    if (found !== undefined) return found;
    if (inside.has(storage) || (keepsWhole && isComputed(storage))) throw INSIDE;
    if (isComputed(storage))
      refuse("a view of a result was made outside of all operations", "use slice() or reshape().");
    fixed.add(storage);
    const parameter = named.get(storage);
    if (parameter?.layout === layout) return { kind: "parameter", index: parameter.index };
    return withWatcher(null, () => ({
      kind: "constant",
      shape: value.shape,
      data: value.toTypedArray<FloatArray>(),
    }));
  };
  const applications: TracedApplication[] = [];
  /** Lists that were read from tensors which depend on the inputs, and those that no operation has in its attributes. */
  const lists = new Map<unknown, Tensor>();
  const unused = new Map<unknown, string>();
  const observe = (
    operation: Exported,
    operands: readonly Tensor[],
    output: Tensor,
    attributes: Attributes,
  ): void => {
    const { indices } = attributes as { indices?: unknown };
    const list = lists.get(indices);
    unused.delete(indices);
    const all = list === undefined ? operands : [...operands, list];
    applications.push({
      operation,
      operands: all.map(referenceTo),
      shapes: all.map(({ shape }) => shape),
      attributes:
        list === undefined ? attributes : { ...attributes, indices: undefined, indexShape: undefined },
      shape: output.shape,
      dtype: output.dtype,
    });
    register(output, { kind: "result", index: applications.length - 1 });
  };
  const intercept: Interceptor = (name, operands, settings, call) => {
    const given = operands.filter((operand) => operand !== undefined);
    const whole = keepsWhole ? wholeCall(name, given, settings) : undefined;
    if (whole === undefined) return call();
    const collect: Observer = (_operation, _operands, { storage }) => {
      if (!given.some((operand) => operand.storage === storage)) inside.add(storage);
    };
    const output = withWatcher(null, () => withInterceptor(null, () => withObserver(collect, call)));
    observe(whole.operation, given, output, whole.attributes);
    return output;
  };
  const watcher = guard(
    (storage) => isComputed(storage) || inside.has(storage),
    (list, what, tensor) => {
      lists.set(list, tensor);
      unused.set(list, what);
    },
  );
  const result = withWatcher(watcher, () =>
    withWriteObserver(refuseWrite, () =>
      withInterceptor(intercept, () =>
        withObserver(observe, () =>
          (module.forward as (...given: Tensor[]) => Tensor | NamedTensors)(...inputs),
        ),
      ),
    ),
  );
  for (const what of unused.values())
    refuse(`the function reads ${what} on the host`, "choose with where(), which a graph can do.");
  const outputs = namedTensors("the result", result, "output").map(
    ([name, value]) => [name, referenceTo(value), value.shape, value.dtype] as const,
  );
  return { shapes: inputs.map(({ shape }) => shape), applications, outputs };
}

/** Puts both traces into one graph. */
function write(
  one: Trace,
  other: Trace,
  inputs: readonly (readonly [string, Tensor])[],
  parameters: readonly (readonly [string, Tensor])[],
  metadata: Readonly<Record<string, string>>,
): Bytes {
  const graph = new Graph();
  for (const [name] of [...inputs, ...one.outputs, ...parameters]) {
    if (!graph.reserve(name))
      refuse(`two of inputs, outputs and parameters are called ${name}`, "give each a name of its own.");
  }
  const sizes = (shape: Shape, there: Shape): Size[] =>
    shape.map((size, axis) => {
      if (size === there[axis]) return size;
      const per = size / 2;
      // Of sizes that are whole, this makes `per` whole too.
      if (there[axis] === 3 * per) return { rows: per };
      return refuse(
        "a size is no multiple of the number of rows",
        "keep rows apart: one row in, one row out.",
      );
    });
  if (one.applications.length !== other.applications.length || one.outputs.length !== other.outputs.length)
    refuseBranch();
  const batched = one.shapes.findIndex((shape, i) => shape[0] !== other.shapes[i][0]);
  const rows = (): Value => graph.node("Shape", [inputs[batched][0]], { start: 0, end: 1 });
  const results: Value[] = [];
  const operandOf = (reference: Reference, there: Reference): Value => {
    if (reference.kind === "constant") {
      if (there.kind !== "constant" || !isSameConstant(reference, there)) {
        return refuse(
          "a constant depends on the number of rows",
          "compute it from the input, as in x.sum(1).mul(0), or keep rows apart.",
        );
      }
      return graph.constant(reference.shape, reference.data);
    }
    if (JSON.stringify(reference) !== JSON.stringify(there)) refuseBranch();
    if (reference.kind === "input") return inputs[reference.index][0];
    if (reference.kind === "result") return results[reference.index];
    const [name, parameter] = parameters[reference.index];
    return graph.initializer(name, parameter.shape, parameter.toTypedArray<FloatArray>());
  };
  one.applications.forEach(({ operation, operands, shapes, attributes, shape, dtype }, k) => {
    const there = other.applications[k];
    if (there.operation !== operation || there.operands.length !== operands.length) refuseBranch();
    results.push(
      addApplication(graph, {
        operation,
        inputs: operands.map((reference, i) => operandOf(reference, there.operands[i])),
        shapes: shapes.map((own, i) => sizes(own, there.shapes[i])),
        attributes: commonAttributes(attributes, there.attributes, shapes, there.shapes),
        shape: sizes(shape, there.shape),
        dtype,
        rows,
      }),
    );
  });
  const outputs = one.outputs.map(([name, reference, shape, dtype], i): Port => {
    const [there, theirs, theirShape] = other.outputs[i];
    if (there !== name) refuseBranch();
    graph.output(name, operandOf(reference, theirs));
    return { name, dtype, shape: sizes(shape, theirShape) };
  });
  const ports = inputs.map(
    ([name, { dtype }], i): Port => ({ name, dtype, shape: sizes(one.shapes[i], other.shapes[i]) }),
  );
  return graph.finish("halograd", ports, outputs, Object.entries(metadata));
}

/** Attributes that do not depend on the number of rows, but for shapes, which are handled apart, and spans of whole axes. */
function commonAttributes(
  own: Attributes,
  there: Attributes,
  shapes: readonly Shape[],
  theirs: readonly Shape[],
): Attributes {
  const { spans, places, ...rest } = own as SpanAttributes;
  const { spans: theirSpans, places: theirPlaces, ...others } = there as SpanAttributes;
  const plain = (attributes: object): string =>
    JSON.stringify(attributes, (key, value) => (IGNORED.has(key) ? undefined : value));
  if (plain(rest) !== plain(others)) {
    refuse(
      "an axis, index or setting depends on the number of rows",
      "keep rows apart: one row in, one row out.",
    );
  }
  return {
    ...rest,
    ...(spans && { spans: commonSpans(spans, theirSpans!, shapes[0], theirs[0]) }),
    ...(places && {
      places: places.map((each, i) => commonSpans(each, theirPlaces![i], shapes[i], theirs[i])),
    }),
  };
}

/** What slices have, and what puts parts back. */
interface SpanAttributes {
  readonly spans?: readonly Span[];
  readonly places?: readonly (readonly Span[])[];
}

/** Spans that do not depend on the number of rows: with as many as there are, a whole axis is taken or put whatever its size. */
function commonSpans(
  spans: readonly Span[],
  theirs: readonly Span[],
  shape: Shape,
  theirShape: Shape,
): Span[] {
  return spans.map((span, axis) => {
    const isWhole = [[span, shape[axis]] as const, [theirs[axis], theirShape[axis]] as const].every(
      ([{ start, count }, size]) => start === 0 && count === size,
    );
    if (isWhole && shape[axis] !== theirShape[axis]) return { start: 0, step: 1, count: Infinity };
    if (JSON.stringify(span) === JSON.stringify(theirs[axis])) return span;
    return refuse("a slice depends on the number of rows", "slice rows outside of the function.");
  });
}

/** Attributes that follow from the shape of the output, and streams that are refused by name. */
const IGNORED: ReadonlySet<string> = /* @__PURE__ */ new Set(["shape", "starts", "draw", "activation"]);

function isSameConstant(
  a: Extract<Reference, { kind: "constant" }>,
  b: Extract<Reference, { kind: "constant" }>,
): boolean {
  return sameShape(a.shape, b.shape) && a.data.every((value, i) => Object.is(value, b.data[i]));
}

/** The example's rows, again and again; an input with another number of rows stays as it is. */
function withRows(example: Tensor, batch: number | undefined, rows: number): Tensor {
  const { shape, dtype } = example;
  const values = example.toTypedArray<FloatArray>();
  if (shape.length === 0 || shape[0] !== batch) return tensor(values, shape, { dtype });
  const sizes = [rows, ...shape.slice(1)];
  // An example without rows has no values.
  const data = Float64Array.from({ length: sizeOf(sizes) }, (_, i) => values[i % values.length] ?? 0);
  return tensor(data, sizes, { dtype });
}

function namedTensors(what: string, given: unknown, name: string): [name: string, value: Tensor][] {
  if (isTensor(given)) return [[name, given]];
  const entries = typeof given === "object" && given !== null ? Object.entries(given) : [];
  const wrong = entries.find(([, value]) => !isTensor(value));
  if (entries.length === 0 || wrong !== undefined) {
    const problem = `${what} is ${describeValue(wrong === undefined ? given : wrong[1])}, neither a tensor nor tensors by name.`;
    throw new ArgumentError(WHERE, problem, "give zeros([1, features]), or { x: zeros([1, features]), … }.");
  }
  return entries as [string, Tensor][];
}

const layoutOf = ({ shape, strides, offset }: Pick<Tensor, "shape" | "strides" | "offset">): string =>
  `${offset} ${showShape(shape)} ${strides.filter((_, axis) => shape[axis] !== 1)}`;

/** Who watches, so that nothing that depends on the inputs is read by the host, and would be taken for a constant. */
function guard(
  isKnown: (storage: Storage) => boolean,
  keep: (list: unknown, what: string, tensor: Tensor) => void,
): Watcher {
  let depth = 0;
  const nothing = (): void => {};
  return {
    kernel: nothing,
    operation(_, compute) {
      depth++;
      try {
        compute();
      } finally {
        depth--;
      }
    },
    operands: nothing,
    tensor: nothing,
    storage: nothing,
    touch(storage) {
      if (depth === 0 && isKnown(storage)) {
        refuse(
          "the function looks at values that depend on its inputs",
          "choose with where(), which a graph can do.",
        );
      }
    },
    draw: nothing,
    gradient: (_, gradient) => gradient,
    setGradient: nothing,
    requireGradient: nothing,
    condition: nothing,
    host: (work, reads) => work(reads),
    read(what, tensor, read) {
      const list = read();
      if (isKnown(tensor.storage)) keep(list, what, tensor as Tensor);
      return list;
    },
    scalars: nothing,
    refuse: (reason) => refuse(`the function ${reason}`, "make it an input."),
  };
}

function refuseWrite(name: string): never {
  return refuse(`${name} changes a tensor in place, which a graph cannot`, "compute a new tensor.");
}

function refuseBranch(): never {
  return refuse(
    "the function does something else for another number of rows",
    "keep rows apart: one row in, one row out.",
  );
}

function refuse(problem: string, fix: string): never {
  throw new ArgumentError(WHERE, `${problem}.`, fix);
}
