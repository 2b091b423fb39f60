/** Types shared by all kernels. */

/** The storage of a tensor: float32, or float64 for gradient checks. */
export type FloatArray = Float32Array | Float64Array;

/**
 * Bytes in memory of their own, never shared between threads, which `Blob`, `Response` and WebAssembly ask for. It is what
 * TypeScript calls `Uint8Array<ArrayBuffer>` from 5.7 on and `Uint8Array` before.
 */
export type Bytes = ReturnType<Uint8ArrayConstructor["of"]>;
