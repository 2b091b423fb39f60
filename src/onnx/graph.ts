/** A graph of ONNX nodes while it is built, and the file that it becomes. */

import type { Bytes, Dtype, FloatArray } from "../kernels/index.ts";
import { ProtobufMessage } from "./protobuf.ts";

/** A value in the graph, by its name. */
export type Value = string;

/** A size that is known, or a multiple of the number of rows that the graph is run on. */
export type Size = number | { readonly rows: number };

/** Elements as they stand in the file. */
export type Elements = FloatArray | BigInt64Array;

/** The element types that are used, by their numbers in ONNX. */
export const TYPES = { float32: 1, int64: 7, bool: 9, float64: 11 } as const;

/** The names and sizes of an input or output. */
export interface Port {
  readonly name: string;
  readonly dtype: "float32" | "float64";
  readonly shape: readonly Size[];
}

/** What a node is told beside its inputs: whole numbers, lists of them, or words. */
export type NodeAttributes = Readonly<Record<string, number | readonly number[] | string>>;

interface GraphNode {
  readonly type: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: NodeAttributes;
  /** Of a loop. */
  readonly body?: Body;
}

/** What a loop does each time. */
interface Body {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly GraphNode[];
  readonly dtype: Dtype;
}

interface Initializer {
  readonly dims: readonly number[];
  readonly data: Elements;
}

/** The operator set that the nodes are written in: the first one in which all reductions take their axes as an input. */
const OPSET = 18;
/** The version of the file format that goes with it. */
const IR_VERSION = 8;

/** Collects nodes and constants. The same node of the same inputs is there once. */
export class Graph {
  #nodes: GraphNode[] = [];
  readonly #initializers = new Map<Value, Initializer>();
  #known = new Map<string, Value>();
  readonly #names = new Set<string>();
  #count = 0;

  /** Takes a name for good. Returns whether it was free. */
  reserve(name: string): boolean {
    const isFree = !this.#names.has(name);
    this.#names.add(name);
    return isFree;
  }

  /** The output of a node, the first one or another. */
  node(type: string, inputs: readonly Value[], attributes: NodeAttributes = {}, index = 0): Value {
    return this.#once(JSON.stringify([type, inputs, attributes, index]), (output) => {
      const others = Array.from({ length: index }, () => this.#fresh());
      this.#nodes.push({ type, inputs, outputs: [...others, output], attributes });
    });
  }

  /**
   * All that comes out of `step` for one entry of the lists after the other along an axis: it takes the result before, which is
   * `initial` at first, and the entries of the lists.
   */
  scan(
    initial: Value,
    lists: readonly Value[],
    axis: number,
    dtype: Dtype,
    step: (before: Value, entries: readonly Value[]) => Value,
  ): Value {
    const [nodes, known] = [this.#nodes, this.#known];
    const [before, ...entries] = [initial, ...lists].map(() => this.#fresh());
    [this.#nodes, this.#known] = [[], new Map()];
    const result = step(before, entries);
    const copy = this.node("Identity", [result]);
    const body = { inputs: [before, ...entries], outputs: [result, copy], nodes: this.#nodes, dtype };
    [this.#nodes, this.#known] = [nodes, known];
    const outputs = [this.#fresh(), this.#fresh()];
    const attributes = {
      num_scan_inputs: lists.length,
      scan_input_axes: lists.map(() => axis),
      scan_output_axes: [axis],
    };
    this.#nodes.push({ type: "Scan", inputs: [initial, ...lists], outputs, attributes, body });
    return outputs[1];
  }

  /** Elements of the file under a name. */
  initializer(name: string, dims: readonly number[], data: Elements): Value {
    this.#initializers.set(name, { dims, data });
    return name;
  }

  /** Elements of the file. */
  constant(dims: readonly number[], data: Elements): Value {
    const make = (name: Value): void => void this.initializer(name, dims, data);
    if (data.length > 64) return this.#once(`constant ${this.#count}`, make);
    const kind = Object.prototype.toString.call(data);
    return this.#once(JSON.stringify([kind, dims, Array.from(data as FloatArray, bitsOf)]), make);
  }

  /** A list of whole numbers. */
  integers(values: readonly number[]): Value {
    return this.constant([values.length], BigInt64Array.from(values, BigInt));
  }

  /** A last node, whose output has a name of its own. */
  output(name: string, value: Value): void {
    this.#nodes.push({ type: "Identity", inputs: [value], outputs: [name], attributes: {} });
  }

  /** The ONNX file. Nodes and constants on which no output depends are left out. */
  finish(
    name: string,
    inputs: readonly Port[],
    outputs: readonly Port[],
    metadata: Iterable<readonly [key: string, text: string]>,
  ): Bytes {
    const needed = new Set(outputs.map((port) => port.name));
    const nodes = this.#nodes.toReversed().filter((node) => {
      const isNeeded = node.outputs.some((output) => needed.has(output));
      for (const { inputs } of isNeeded ? [node, ...(node.body?.nodes ?? [])] : [])
        for (const input of inputs) needed.add(input);
      return isNeeded;
    });
    const constants = [...this.#initializers].filter(([value]) => needed.has(value));
    const graph = new ProtobufMessage()
      .each(nodes.reverse(), (message, node) => message.bytes(1, nodeMessage(node)))
      .text(2, name)
      .each(constants, (message, [value, { dims, data }]) =>
        message.bytes(5, tensorMessage(value, dims, data)),
      )
      .each(inputs, (message, port) => message.bytes(11, portMessage(port)))
      .each(outputs, (message, port) => message.bytes(12, portMessage(port)));
    return new ProtobufMessage()
      .integer(1, IR_VERSION)
      .text(2, "halograd")
      .bytes(7, graph)
      .bytes(8, new ProtobufMessage().text(1, "").integer(2, OPSET))
      .each(metadata, (message, [key, text]) =>
        message.bytes(14, new ProtobufMessage().text(1, key).text(2, text)),
      )
      .finish();
  }

  #once(key: string, make: (name: Value) => void): Value {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = this.#fresh();
    this.#known.set(key, name);
    make(name);
    return name;
  }

  #fresh(): Value {
    let name: Value;
    do name = `v${this.#count++}`;
    while (!this.reserve(name));
    return name;
  }
}

/** A number in a key: JSON would write NaN, infinities and −0 as others. */
const bitsOf = (value: number | bigint): string => (Object.is(value, -0) ? "-0" : String(value));

function nodeMessage({ type, inputs, outputs, attributes, body }: GraphNode): ProtobufMessage {
  return new ProtobufMessage()
    .each(inputs, (message, input) => message.text(1, input))
    .each(outputs, (message, output) => message.text(2, output))
    .text(4, type)
    .each(Object.entries(attributes), (message, [name, value]) => {
      const attribute = new ProtobufMessage().text(1, name);
      if (typeof value === "number") attribute.integer(3, value).integer(20, 2);
      else if (typeof value === "string") attribute.text(4, value).integer(20, 3);
      else attribute.each(value, (list, number) => list.integer(8, number)).integer(20, 7);
      message.bytes(5, attribute);
    })
    .each(body === undefined ? [] : [body], (message, loop) =>
      message.bytes(5, new ProtobufMessage().text(1, "body").bytes(6, bodyMessage(loop)).integer(20, 5)),
    );
}

function bodyMessage({ inputs, outputs, nodes, dtype }: Body): ProtobufMessage {
  const port = (name: Value): ProtobufMessage => {
    const type = new ProtobufMessage().bytes(1, new ProtobufMessage().integer(1, TYPES[dtype]));
    return new ProtobufMessage().text(1, name).bytes(2, type);
  };
  return new ProtobufMessage()
    .each(nodes, (message, node) => message.bytes(1, nodeMessage(node)))
    .text(2, "body")
    .each(inputs, (message, name) => message.bytes(11, port(name)))
    .each(outputs, (message, name) => message.bytes(12, port(name)));
}

function tensorMessage(name: Value, dims: readonly number[], data: Elements): ProtobufMessage {
  const bytes = new Uint8Array(data.byteLength);
  const view = new DataView(bytes.buffer);
  // Little-endian, whatever this machine is.
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value === "bigint") view.setBigInt64(8 * i, value, true);
    else if (data.BYTES_PER_ELEMENT === 8) view.setFloat64(8 * i, value, true);
    else view.setFloat32(4 * i, value, true);
  }
  return new ProtobufMessage()
    .each(dims, (message, size) => message.integer(1, size))
    .integer(2, typeOf(data))
    .text(8, name)
    .bytes(9, bytes);
}

function typeOf(data: Elements): number {
  if (data instanceof BigInt64Array) return TYPES.int64;
  return data.BYTES_PER_ELEMENT === 8 ? TYPES.float64 : TYPES.float32;
}

function portMessage({ name, dtype, shape }: Port): ProtobufMessage {
  const sizes = new ProtobufMessage().each(shape, (message, size) => {
    const dimension = new ProtobufMessage();
    if (typeof size === "number") dimension.integer(1, size);
    else dimension.text(2, size.rows === 1 ? "batch" : `${size.rows}*batch`);
    message.bytes(1, dimension);
  });
  const tensor = new ProtobufMessage().integer(1, TYPES[dtype]).bytes(2, sizes);
  return new ProtobufMessage().text(1, name).bytes(2, new ProtobufMessage().bytes(1, tensor));
}
