/**
 * halograd: tensors that remember how they were computed, and everything that follows from it.
 *
 * @module
 */

export { detectAnomaly } from "./autograd/anomaly.ts";
export { type BackwardOptions, backwardSteps, type Contribution } from "./autograd/backward.ts";
export { grad, hvp, jvp, type TensorFunction, valueAndGrad, vjp } from "./autograd/functional.ts";
export { hessian, jacobian, perSampleGrad } from "./autograd/jacobian.ts";
export { describeNode, enableGrad, isGradEnabled, listTape, noGrad, tape } from "./autograd/tape.ts";
export type { Tree, TreeOf } from "./autograd/tree.ts";
export { useBackend } from "./basics/backend.ts";
export type { Calls, Dice, Domain, Setting } from "./basics/domains.ts";
export {
  AnomalyError,
  ArgumentError,
  AssertionError,
  AxisError,
  DtypeError,
  FormatError,
  GradientError,
  HalogradError,
  ShapeError,
  TapeError,
  TraceError,
} from "./basics/errors.ts";
export type { NestedArray, NestedValues, NumericArray } from "./basics/nested.ts";
export { Random, type RandomState } from "./basics/random.ts";
export type { Range, Shape, Span } from "./basics/shape.ts";
export {
  type Described,
  derivativeFormula,
  type Formula,
  formulaOf,
  valueFormula,
} from "./diagram/formula.ts";
export {
  type DiagramOptions,
  type Edge,
  layOutTape,
  type PlacedBox,
  type TapeLayout,
  tapeToDot,
  tapeToSvg,
} from "./diagram/tape-diagram.ts";
export {
  type Arithmetic,
  type BackendName,
  backendName,
  type Draw,
  type Dtype,
  type Expression,
  type FloatArray,
  type Operand,
  type Residence,
  type Storage,
} from "./kernels/index.ts";
export * from "./ops/arranging.ts";
export * from "./ops/classification.ts";
export * from "./ops/convolution.ts";
export * from "./ops/einsum.ts";
export * from "./ops/elementwise.ts";
export {
  type Derivative,
  type ElementwiseRecord,
  sumTo,
  type UnaryRecord,
} from "./ops/elementwise-record.ts";
export * from "./ops/factorization.ts";
export * from "./ops/gathering.ts";
export * from "./ops/indexing.ts";
export * from "./ops/joining.ts";
export * from "./ops/layout.ts";
export * from "./ops/linear.ts";
export * from "./ops/logarithms.ts";
export * from "./ops/losses.ts";
export * from "./ops/masks.ts";
export * from "./ops/norms.ts";
export { isTensor } from "./ops/operands.ts";
export type { Attributes, Example, Node, Operation, Reads } from "./ops/operation.ts";
export * from "./ops/other-names.ts";
export * from "./ops/predicates.ts";
export * from "./ops/products.ts";
export * from "./ops/reductions.ts";
export * from "./ops/rounding.ts";
export * from "./ops/sorting.ts";
export * from "./ops/splitting.ts";
export type { FunctionsOnly, Methods, Tensor, TensorLike } from "./ops/tensor.ts";
export * from "./ops/trigonometry.ts";
export { allClose, equals, type Tolerance } from "./tensor/comparison.ts";
export {
  arange,
  eye,
  full,
  linspace,
  normal,
  ones,
  onesLike,
  type TensorOptions,
  tensor,
  uniform,
  zeros,
  zerosLike,
} from "./tensor/construction.ts";
export { oneHot } from "./tensor/one-hot.ts";
export { apply, binary, evaluate, quaternary, ternary, unary } from "./tensor/own-operation.ts";
