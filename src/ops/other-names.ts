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

/** Operations that are functions, and no methods: programs that do not import them stay without them. */
export interface FunctionsAsMembers {
  /** @deprecated Write `acos(x)`. @internal */
  readonly acos: Instead<"acos(x)">;
  /** @deprecated Write `all(x)`. @internal */
  readonly all: Instead<"all(x)">;
  /** @deprecated Write `any(x)`. @internal */
  readonly any: Instead<"any(x)">;
  /** @deprecated Write `argsort(x)`. @internal */
  readonly argsort: Instead<"argsort(x)">;
  /** @deprecated Write `asin(x)`. @internal */
  readonly asin: Instead<"asin(x)">;
  /** @deprecated Write `atan(x)`. @internal */
  readonly atan: Instead<"atan(x)">;
  /** @deprecated Write `atan2(x, y)`. @internal */
  readonly atan2: Instead<"atan2(x, y)">;
  /** @deprecated Write `averagePool(x, sizes)`. @internal */
  readonly averagePool: Instead<"averagePool(x, sizes)">;
  /** @deprecated Write `binaryCrossEntropyWithLogits(x, target)`. @internal */
  readonly binaryCrossEntropyWithLogits: Instead<"binaryCrossEntropyWithLogits(x, target)">;
  /** @deprecated Write `ceil(x)`. @internal */
  readonly ceil: Instead<"ceil(x)">;
  /** @deprecated Write `cholesky(x)`. @internal */
  readonly cholesky: Instead<"cholesky(x)">;
  /** @deprecated Write `concat([x, y], axis)`. @internal */
  readonly concat: Instead<"concat([x, y], axis)">;
  /** @deprecated Write `conv1d(x, weight)`. @internal */
  readonly conv1d: Instead<"conv1d(x, weight)">;
  /** @deprecated Write `conv2d(x, weight)`. @internal */
  readonly conv2d: Instead<"conv2d(x, weight)">;
  /** @deprecated Write `cosh(x)`. @internal */
  readonly cosh: Instead<"cosh(x)">;
  /** @deprecated Write `cumprod(x, axis)`. @internal */
  readonly cumprod: Instead<"cumprod(x, axis)">;
  /** @deprecated Write `diagonal(x)`. @internal */
  readonly diagonal: Instead<"diagonal(x)">;
  /** @deprecated Write `floor(x)`. @internal */
  readonly floor: Instead<"floor(x)">;
  /** @deprecated Write `gather(x, axis, indices)`. @internal */
  readonly gather: Instead<"gather(x, axis, indices)">;
  /** @deprecated Write `isFinite(x)`. @internal */
  readonly isFinite: Instead<"isFinite(x)">;
  /** @deprecated Write `isNaN(x)`. @internal */
  readonly isNaN: Instead<"isNaN(x)">;
  /** @deprecated Write `linearCombination(a, x, b, y)`. @internal */
  readonly linearCombination: Instead<"linearCombination(a, x, b, y)">;
  /** @deprecated Write `log10(x)`. @internal */
  readonly log10: Instead<"log10(x)">;
  /** @deprecated Write `log2(x)`. @internal */
  readonly log2: Instead<"log2(x)">;
  /** @deprecated Write `logAddExp(x, y)`. @internal */
  readonly logAddExp: Instead<"logAddExp(x, y)">;
  /** @deprecated Write `logSigmoid(x)`. @internal */
  readonly logSigmoid: Instead<"logSigmoid(x)">;
  /** @deprecated Write `maskedFill(x, mask, value)`. @internal */
  readonly maskedFill: Instead<"maskedFill(x, mask, value)">;
  /** @deprecated Write `maskedSelect(x, mask)`. @internal */
  readonly maskedSelect: Instead<"maskedSelect(x, mask)">;
  /** @deprecated Write `maxPool(x, sizes)`. @internal */
  readonly maxPool: Instead<"maxPool(x, sizes)">;
  /** @deprecated Write `oneHot(x, classes)`. @internal */
  readonly oneHot: Instead<"oneHot(x, classes)">;
  /** @deprecated Write `outer(x, y)`. @internal */
  readonly outer: Instead<"outer(x, y)">;
  /** @deprecated Write `pad(x, widths)`. @internal */
  readonly pad: Instead<"pad(x, widths)">;
  /** @deprecated Write `prod(x)`. @internal */
  readonly prod: Instead<"prod(x)">;
  /** @deprecated Write `remainder(x, y)`. @internal */
  readonly remainder: Instead<"remainder(x, y)">;
  /** @deprecated Write `repeat(x, times)`. @internal */
  readonly repeat: Instead<"repeat(x, times)">;
  /** @deprecated Write `roll(x, shift, axis)`. @internal */
  readonly roll: Instead<"roll(x, shift, axis)">;
  /** @deprecated Write `round(x)`. @internal */
  readonly round: Instead<"round(x)">;
  /** @deprecated Write `scatterAdd(x, axis, indices, size)`. @internal */
  readonly scatterAdd: Instead<"scatterAdd(x, axis, indices, size)">;
  /** @deprecated Write `sinh(x)`. @internal */
  readonly sinh: Instead<"sinh(x)">;
  /** @deprecated Write `solve(x, y)`. @internal */
  readonly solve: Instead<"solve(x, y)">;
  /** @deprecated Write `sort(x)`. @internal */
  readonly sort: Instead<"sort(x)">;
  /** @deprecated Write `split(x, sizes)`. @internal */
  readonly split: Instead<"split(x, sizes)">;
  /** @deprecated Write `stack([x, y], axis)`. @internal */
  readonly stack: Instead<"stack([x, y], axis)">;
  /** @deprecated Write `tan(x)`. @internal */
  readonly tan: Instead<"tan(x)">;
  /** @deprecated Write `topk(x, count)`. @internal */
  readonly topk: Instead<"topk(x, count)">;
  /** @deprecated Write `tril(x)`. @internal */
  readonly tril: Instead<"tril(x)">;
  /** @deprecated Write `triu(x)`. @internal */
  readonly triu: Instead<"triu(x)">;
  /** @deprecated Write `unbind(x)`. @internal */
  readonly unbind: Instead<"unbind(x)">;
  /** @deprecated Write `unfold(x, sizes)`. @internal */
  readonly unfold: Instead<"unfold(x, sizes)">;
  /** @deprecated Write `vectorNorm(x, p)`. @internal */
  readonly vectorNorm: Instead<"vectorNorm(x, p)">;
  /** @deprecated Write `where(condition, x, y)`. @internal */
  readonly where: Instead<"where(condition, x, y)">;
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
