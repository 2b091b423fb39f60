/**
 * One operation, one record: what a record holds, and what applying it does. An operation computes its output. Where an
 * operand is being differentiated, it also leaves a Node behind, which remembers operation, operands and output. The
 * nodes, linked through their operands, are the tape.
 */

import { callSite } from "../basics/call-site.ts";
import { few } from "../basics/check.ts";
import type { Calls } from "../basics/domains.ts";
import { TapeError } from "../basics/errors.ts";
import { type Shape, type Span, showShape } from "../basics/shape.ts";
import { changes, type Dtype, type Expression, type Operand, watcher } from "../kernels/index.ts";
import { makeTensor, zeroTensor } from "./operands.ts";
import type { Tensor } from "./tensor.ts";

/** Settings of one application that are not differentiated: axes, shapes, indices. */
export type Attributes = object;

/**
 * The record of an operation.
 *
 * A new one needs `name`, `shape`, `compute` and `reads`, and to be differentiated `gradient`; `apply(record, inputs, attributes)`
 * runs it. Other fields are for what is special about it, and for tests.
 */
export interface Operation<A extends Attributes = Attributes> {
  /** What the tape and errors call it. */
  readonly name: string;
  /** The output's shape. Throws where shapes or attributes do not fit: this is the operation's shape rule. */
  shape(inputs: readonly Tensor[], attributes: A): Shape;
  /** Stores the value, at once: `output` is contiguous memory of the output's shape, and what is not stored in it is 0. */
  compute(output: Operand, shape: Shape, inputs: readonly Tensor[], attributes: A): void;
  /** The value as an expression, of an operation that is elementwise. */
  readonly value?: Expression;
  /** Where the output can share the input's memory: its strides and offset. Null: compute it. */
  view?(input: Tensor, shape: Shape, attributes: A): Pick<Operand, "offset" | "strides"> | null;
  /**
   * The gradient rule, written with other operations: the cotangent of input `index` from that of the output
   * (the vector-Jacobian product). Null where the input has no influence that could be differentiated.
   */
  gradient?: ((cotangent: Tensor, node: Node<A>, index: number) => Tensor | null) | undefined;
  /**
   * Of an operation that takes a part of its operand, at regular places: where, for an output of that shape. The gradient is
   * then zero but for the cotangent there, and a walk puts the cotangents of all parts among zeros at once, where a matrix of
   * zeros for each would cost more than the rest. Null where the places are not regular.
   */
  part?(attributes: A, shape: Shape): readonly Span[] | null;
  /** The element type of the output, where it is not that of the operands. */
  dtype?(attributes: A): Dtype;
  /**
   * Which values the gradient rule reads: these must not change in place between the operation and backward. `"nothing"` where it
   * looks at the cotangent alone, or where there is no rule.
   */
  readonly reads: Reads;
  /** Where it can be tested: operands drawn as described, and attributes. Nothing else reads them. */
  readonly examples?: readonly Example<A>[];
  /**
   * How calls are drawn in tests of random expressions. An elementwise operation needs none: its other operands are
   * whatever broadcasts. Null where it cannot stand in any expression.
   */
  readonly calls?: Calls | null;
}

/** What a gradient rule reads: the same for all operands, or for each operand a list of operands and `OUTPUT`. */
export type Reads = "nothing" | "inputs" | "output" | "both" | readonly (readonly number[])[];

/** The output's place in lists of `reads`. */
export const OUTPUT = -1;

/** One way to call an operation in a test: operands of these shapes, elements drawn from the interval. */
export interface Example<A extends Attributes = Attributes> {
  /** One for each operand. */
  readonly shapes: readonly Shape[];
  /** What `apply` is called with. */
  readonly attributes: A;
  /**
   * The open interval for each operand in which the operation is defined and has a derivative: [0, Infinity] for a
   * logarithm. All finite numbers where not given.
   */
  readonly intervals?: readonly (readonly [number, number])[];
  /** Operands at which there is no derivative: a kink, a jump, a pole. */
  readonly kinks?: readonly number[];
}

/** A list of shapes, on one line. */
/* @__NO_SIDE_EFFECTS__ */ export function of(...shapes: Shape[]): readonly Shape[] {
  return shapes;
}

/** What computes a view. */
export function neverComputed(): never {
  throw new Error("a view is never computed");
}

/** For operations that have no settings. */
export const NO_ATTRIBUTES = {};

/** One application of an operation: an entry of the tape. A leaf's node has no operation. */
export class Node<A extends Attributes = Attributes> {
  /** Counts nodes in the order of their recording. */
  readonly id: number = nextId++;
  /** The record; null for a leaf. */
  readonly operation: Operation<A> | null;
  /** What the operation was called with beside its operands. */
  readonly attributes: A;
  /** The value. */
  readonly output: Tensor;
  /** The operands; null once the tape was freed. */
  inputs: readonly Tensor[] | null;
  /** The operands' nodes at the time of recording; null for an operand that was not being differentiated. */
  sources: readonly (Node | null)[];
  /** The composite operation in whose course this ran, such as "softmax"; "" outside. */
  readonly scope: string = scope;
  /** The count of in-place changes when this was recorded, or when all that its rule reads was last seen unchanged. */
  recordedAt: number = changes;
  /** Where the operation was called, while somebody watches (see `detectAnomaly`). */
  readonly callSite: string | null = observer === null ? null : callSite();
  /** Set by `retainGrad()`. */
  retainsGrad = false;
  // ---- notes of the walks, to be skipped on first reading

  /** The traversal that saw this node last. */
  mark = 0;
  /** The backward walk that uses this node, and what it keeps here: see autograd/cotangents.ts. */
  walk = 0;
  /** The sum of the contributions to the output's cotangent so far, during that walk. */
  cotangent: Tensor | null = null;
  /** Whether that walk made the sum itself, and may thus add to it in place. */
  ownsCotangent = false;

  /** Operations are recorded by `apply`, which makes the nodes. */
  constructor(
    operation: Operation<A> | null,
    inputs: readonly Tensor[],
    sources: readonly (Node | null)[],
    attributes: A,
    output: Tensor,
  ) {
    this.operation = operation;
    this.inputs = inputs;
    this.sources = sources;
    this.attributes = attributes;
    this.output = output;
  }

  /**
   * The node of an operand; null where it was not being differentiated then, or is a leaf that is frozen now: freezing takes
   * the node from the tensor.
   */
  source(index: number): Node | null {
    const source = this.sources[index];
    return source !== null && source.output.node === source ? source : null;
  }
}

let nextId = 0;

/**
 * Applies an operation: checks, computes, and records it when an operand is being differentiated.
 * @example
 * const twice: Operation = { name: "twice", reads: "nothing", shape: () => [],
 *   compute: (output, _, [x]) => output.storage.set(0, 2 * x.item()), gradient: (cotangent) => cotangent.mul(2) };
 * apply(twice, [tensor(3)], {}); // tensor(6)
 */
export function apply<A extends Attributes>(
  operation: Operation<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  const shape = operation.shape(inputs, attributes);
  const layout = operation.view?.(inputs[0], shape, attributes);
  let output: Tensor;
  if (layout) {
    output = makeTensor(inputs[0].storage, shape, layout.strides, layout.offset);
  } else {
    const dtype = operation.dtype?.(attributes) ?? (inputs.length > 0 ? inputs[0].dtype : "float32");
    output = zeroTensor(shape, dtype);
    if (watcher === null) operation.compute(output, shape, inputs, attributes);
    else computeWatched(operation, output, shape, inputs, attributes);
  }
  if (recording && operation.gradient !== undefined) {
    const sources = sourcesOf(inputs);
    if (sources !== null) {
      output.node = new Node<A>(operation, inputs, sources, attributes, output) as unknown as Node;
    }
  }
  if (observer !== null) observer(operation as unknown as Operation, inputs, output, attributes);
  return output;
}

/**
 * Applies the gradient rule of a node for one operand: what the cotangent of its output contributes to the operand's.
 *
 * @throws TapeError when a value that the rule reads was changed in place since
 */
export function applyRule(node: Node, cotangent: Tensor, index: number): Tensor | null {
  if (changes !== node.recordedAt) checkReads(node, index);
  if (observer === null) return node.operation!.gradient!(cotangent, node, index);
  const outer = ruleOf;
  ruleOf = node;
  try {
    return node.operation!.gradient!(cotangent, node, index);
  } finally {
    ruleOf = outer;
  }
}

/** The node whose gradient rule runs now; null outside of backward. */
export let ruleOf: Node | null = null;

/** Computes while somebody watches the kernels. */
function computeWatched<A extends Attributes>(
  operation: Operation<A>,
  output: Tensor,
  shape: Shape,
  inputs: readonly Tensor[],
  attributes: A,
): void {
  watcher!.operation({ operation, output, shape, inputs, attributes }, () =>
    operation.compute(output, shape, inputs, attributes),
  );
}

/** The nodes of the operands; null where none is being differentiated. */
function sourcesOf(inputs: readonly Tensor[]): (Node | null)[] | null {
  if (watcher !== null) watcher.operands(inputs);
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i].node === null) continue;
    const sources = new Array<Node | null>(inputs.length);
    for (let k = 0; k < inputs.length; k++) sources[k] = inputs[k].node;
    return sources;
  }
  return null;
}

/** Throws when something that the rule for an operand reads was changed in place since the node was recorded. */
function checkReads(node: Node, index: number): void {
  const { reads } = node.operation!;
  const inputs = node.inputs!;
  const tensors =
    typeof reads === "string"
      ? [
          ...(reads === "inputs" || reads === "both" ? inputs : []),
          ...(reads === "output" || reads === "both" ? [node.output] : []),
        ]
      : reads[index].map((place) => (place === OUTPUT ? node.output : inputs[place]));
  if (tensors.every(({ storage }) => storage.changedAt <= node.recordedAt)) {
    // The same for every operand, so that the others need not look again.
    if (typeof reads === "string") node.recordedAt = changes;
    return;
  }
  throw new TapeError(
    node.operation!.name,
    "a value that its gradient needs was changed in place after it was computed " +
      `(operands ${few(inputs.map((input) => showShape(input.shape)))}).`,
    "change it after backward(), or change a clone().",
  );
}

// ---- what is being recorded, under which name, and who watches

/** Sees every application of an operation. */
export type Observer = (
  operation: Operation,
  inputs: readonly Tensor[],
  output: Tensor,
  attributes: Attributes,
) => void;

let recording = true;

/** The composite operation that runs now, such as "softmax"; "" outside. */
let scope = "";

/** Who watches; null: nobody. Nodes keep their call sites meanwhile. */
export let observer: Observer | null = null;

/** Whether operations on differentiated tensors are being recorded. */
export function isRecording(): boolean {
  return recording;
}

/** Runs `body` with recording on or off. */
export function withRecording<T>(on: boolean, body: () => T): T {
  const before = recording;
  recording = on;
  try {
    return body();
  } finally {
    recording = before;
  }
}

/** Runs `body` as part of a composite operation: what it records carries the composite's name. */
export function withScope<T>(name: string, body: () => T): T {
  const before = scope;
  scope = before === "" ? name : `${before}/${name}`;
  try {
    return body();
  } finally {
    scope = before;
  }
}

/** Lets `watch` see every application while `body` runs. */
export function withObserver<T>(watch: Observer, body: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return body();
  } finally {
    observer = before;
  }
}

/** The function with its record attached, where tests, pages and compilers find it: `silu.operation`. */
export function recordOf<F, A extends Attributes>(
  f: F,
  operation: Operation<A>,
): F & { operation: Operation<A> } {
  forgetful.add(operation);
  return Object.assign(f as F & object, { operation });
}

/** Operations of the engine and those made of expressions: see `isForgetful`. */
export const forgetful: WeakSet<object> = /* @__PURE__ */ new WeakSet<object>();

/**
 * Whether the operation's gradient rule is known to keep no tensor that it sees or makes. True for the engine's own and
 * for those made of expressions; a rule that a user wrote may keep anything.
 */
export function isForgetful(operation: Operation): boolean {
  return forgetful.has(operation);
}
