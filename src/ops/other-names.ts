/**
 * Names that people bring from PyTorch, NumPy and TensorFlow.js. They exist in the types alone, so that editors strike them
 * through and the compiler's message says what to write: of `x.numel()`, that `Instead<"x.size">` cannot be called.
 * docs/coming-from-pytorch.md has more.
 */

/** The type of a name that is not there: what to write in its place. */
export interface Instead<Name extends string> {
  /** What to write. */
  readonly write: Name;
}

/** Members that a tensor does not have. */
export interface OtherMembers {
  /** @deprecated Write `x.transpose()`. @internal */
  readonly T: Instead<"x.transpose()">;
  /** @deprecated Write `x.transpose()`. @internal */
  readonly t: Instead<"x.transpose()">;
  /** @deprecated Write `x.size`. @internal */
  readonly numel: Instead<"x.size">;
  /** @deprecated Write `x.rank`. @internal */
  readonly dim: Instead<"x.rank">;
  /** @deprecated Write `x.rank`. @internal */
  readonly ndim: Instead<"x.rank">;
  /** @deprecated Write `x.rank`. @internal */
  readonly ndims: Instead<"x.rank">;
  /** @deprecated Write `x.reshape(shape)`. @internal */
  readonly view: Instead<"x.reshape(shape)">;
  /** @deprecated Write `x.equal(y)`. @internal */
  readonly eq: Instead<"x.equal(y)">;
  /** @deprecated Write `x.notEqual(y)`. @internal */
  readonly ne: Instead<"x.notEqual(y)">;
  /** @deprecated Write `x.greater(y)`. @internal */
  readonly gt: Instead<"x.greater(y)">;
  /** @deprecated Write `x.greaterEqual(y)`. @internal */
  readonly ge: Instead<"x.greaterEqual(y)">;
  /** @deprecated Write `x.less(y)`. @internal */
  readonly lt: Instead<"x.less(y)">;
  /** @deprecated Write `x.lessEqual(y)`. @internal */
  readonly le: Instead<"x.lessEqual(y)">;
  /** @deprecated Write `x.matmul(y)`. @internal */
  readonly mm: Instead<"x.matmul(y)">;
  /** @deprecated Write `x.matmul(y)`. @internal */
  readonly bmm: Instead<"x.matmul(y)">;
  /** @deprecated Write `x.matmul(y)`. @internal */
  readonly dot: Instead<"x.matmul(y)">;
  /** @deprecated Write `concat([x, y], axis)`. @internal */
  readonly cat: Instead<"concat([x, y], axis)">;
  /** @deprecated Write `x.toArray()`. @internal */
  readonly tolist: Instead<"x.toArray()">;
  /** @deprecated Write `x.toTypedArray()`. @internal */
  readonly numpy: Instead<"x.toTypedArray()">;
  /** @deprecated Write `x.toArray()`. @internal */
  readonly array: Instead<"x.toArray()">;
  /** @deprecated Write `x.toArray()`. @internal */
  readonly arraySync: Instead<"x.toArray()">;
  /** @deprecated Write `x.toTypedArray()`. @internal */
  readonly dataSync: Instead<"x.toTypedArray()">;
  /** @deprecated Nothing is needed: memory is collected. @internal */
  readonly dispose: Instead<"nothing: memory is collected">;
  /** @deprecated Write `x.requiresGrad`. @internal */
  readonly requires_grad: Instead<"x.requiresGrad">;
  /** @deprecated Write `x.requiresGrad = true`. @internal */
  readonly requires_grad_: Instead<"x.requiresGrad = true">;
  /** @deprecated Write `x.retainGrad()`. @internal */
  readonly retain_grad: Instead<"x.retainGrad()">;
  /** @deprecated Write `x.isLeaf`. @internal */
  readonly is_leaf: Instead<"x.isLeaf">;
  /** @deprecated Write `x.node`. @internal */
  readonly grad_fn: Instead<"x.node">;
  /** @deprecated Write `x.assign(y)`. @internal */
  readonly copy_: Instead<"x.assign(y)">;
  /** @deprecated Write `x.assign(x.add(y)) in noGrad`. @internal */
  readonly add_: Instead<"x.assign(x.add(y)) in noGrad">;
  /** @deprecated Write `x.assign(x.sub(y)) in noGrad`. @internal */
  readonly sub_: Instead<"x.assign(x.sub(y)) in noGrad">;
  /** @deprecated Write `x.assign(x.mul(y)) in noGrad`. @internal */
  readonly mul_: Instead<"x.assign(x.mul(y)) in noGrad">;
  /** @deprecated Write `x.assign(x.div(y)) in noGrad`. @internal */
  readonly div_: Instead<"x.assign(x.div(y)) in noGrad">;
  /** @deprecated Write `x.assign(0) in noGrad`. @internal */
  readonly zero_: Instead<"x.assign(0) in noGrad">;
  /** @deprecated Write `x.assign(value) in noGrad`. @internal */
  readonly fill_: Instead<"x.assign(value) in noGrad">;
  /** @deprecated Write `x.logSoftmax()`. @internal */
  readonly log_softmax: Instead<"x.logSoftmax()">;
  /** @deprecated Write `x.leakyRelu()`. @internal */
  readonly leaky_relu: Instead<"x.leakyRelu()">;
  /** @deprecated Write `x.variance()`. @internal */
  readonly var: Instead<"x.variance()">;
  /** @deprecated Write `x.to("float32")`. @internal */
  readonly float: Instead<'x.to("float32")'>;
  /** @deprecated Write `x.to("float64")`. @internal */
  readonly double: Instead<'x.to("float64")'>;
}

/** @deprecated Write `normal(shape, random)`. @internal */
export declare const randn: Instead<"normal(shape, random)">;
/** @deprecated Write `uniform(shape, random)`. @internal */
export declare const rand: Instead<"uniform(shape, random)">;
/** @deprecated Write `concat([a, b], axis)`. @internal */
export declare const cat: Instead<"concat([a, b], axis)">;
/** @deprecated Write `concat([a, b], axis)`. @internal */
export declare const concatenate: Instead<"concat([a, b], axis)">;
/** @deprecated Write `new Random(seed)`. @internal */
export declare const manual_seed: Instead<"new Random(seed)">;
/** @deprecated Write `new Random(seed)`. @internal */
export declare const manualSeed: Instead<"new Random(seed)">;
/** @deprecated Write `noGrad(() => …)`. @internal */
export declare const no_grad: Instead<"noGrad(() => …)">;
/** @deprecated Write `zerosLike(x)`. @internal */
export declare const zeros_like: Instead<"zerosLike(x)">;
/** @deprecated Write `onesLike(x)`. @internal */
export declare const ones_like: Instead<"onesLike(x)">;
/** @deprecated Write `tensor(values, shape)`. @internal */
export declare const from_numpy: Instead<"tensor(values, shape)">;
/** @deprecated Write `tensor(values, shape)`. @internal */
export declare const as_tensor: Instead<"tensor(values, shape)">;
/** @deprecated Write `matmul(a, b)`. @internal */
export declare const mm: Instead<"matmul(a, b)">;
/** @deprecated Write `matmul(a, b)`. @internal */
export declare const bmm: Instead<"matmul(a, b)">;
/** @deprecated Write `matmul(a, b)`. @internal */
export declare const dot: Instead<"matmul(a, b)">;
/** @deprecated Write `logSoftmax(x)`. @internal */
export declare const log_softmax: Instead<"logSoftmax(x)">;
/** @deprecated Write `crossEntropyLoss(scores, classes)`. @internal */
export declare const cross_entropy: Instead<"crossEntropyLoss(scores, classes)">;
/** @deprecated Write `mseLoss(prediction, target)`. @internal */
export declare const mse_loss: Instead<"mseLoss(prediction, target)">;
/** @deprecated Write `layerNorm(x)`. @internal */
export declare const layer_norm: Instead<"layerNorm(x)">;
/** @deprecated Write `allClose(a, b)`. @internal */
export declare const allclose: Instead<"allClose(a, b)">;
/** @deprecated Write `equals(a, b)`. @internal */
export declare const array_equal: Instead<"equals(a, b)">;
/** @deprecated Write `loss.backward()`. @internal */
export declare const backward: Instead<"loss.backward()">;
/** @deprecated Write `tensor(values, { requiresGrad: true })`. @internal */
export declare const variable: Instead<"tensor(values, { requiresGrad: true })">;
/** @deprecated Nothing is needed: memory is collected. @internal */
export declare const tidy: Instead<"nothing: memory is collected">;
/** @deprecated Write `checkGradients(f, inputs)` of `halograd/testing`. @internal */
export declare const gradcheck: Instead<"checkGradients(f, inputs) of halograd/testing">;
/** @deprecated Write `perSampleGrad(f)`, or give tensors a first axis for the batch. @internal */
export declare const vmap: Instead<"perSampleGrad(f), or a first axis for the batch">;
/** @deprecated Write `compile(f)` of `halograd/compile`. @internal */
export declare const jit: Instead<"compile(f) of halograd/compile">;
