/** Types shared by all kernels. */

/** The storage of a tensor: float32, or float64 for gradient checks. */
export type FloatArray = Float32Array | Float64Array;
