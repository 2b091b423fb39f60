/** A reader of ONNX files after onnx.proto, which knows nothing of the writer: what a file holds, as lines to read. */

type Fields = readonly (readonly [field: number, value: bigint | Uint8Array])[];

/** The fields of a message: whole numbers, and all that has a length. */
function fieldsOf(bytes: Uint8Array): Fields {
  const fields: [number, bigint | Uint8Array][] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(bytes[at++]);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return BigInt.asIntN(64, value);
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    if (tag % 8 === 0) fields.push([tag >> 3, varint()]);
    else {
      const length = Number(varint());
      fields.push([tag >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

const all = (bytes: Uint8Array, field: number): Uint8Array[] =>
  fieldsOf(bytes).flatMap(([own, value]) => (own === field ? [value as Uint8Array] : []));
const message = (bytes: Uint8Array, field: number): Uint8Array => all(bytes, field)[0] ?? new Uint8Array(0);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const integers = (bytes: Uint8Array, field: number): number[] => all(bytes, field).map(Number);

const TYPES: Readonly<Record<number, string>> = { 1: "float32", 7: "int64", 9: "bool", 11: "float64" };

/** `x: float32 [batch, 2]` of a ValueInfoProto. */
function port(bytes: Uint8Array): string {
  const tensor = message(message(bytes, 2), 1);
  const sizes = all(message(tensor, 2), 1).map((size) => integers(size, 1)[0] ?? text(message(size, 2)));
  return `${text(message(bytes, 1))}: ${TYPES[integers(tensor, 1)[0]]} [${sizes.join(", ")}]`;
}

/** `v0: float32 [2] = 1, 2` of a TensorProto. */
function constant(bytes: Uint8Array): string {
  const type = TYPES[integers(bytes, 2)[0]];
  const { buffer } = message(bytes, 9).slice();
  const lists = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array };
  const values = Array.from<number | bigint>(new lists[type as "float32"](buffer));
  const shown = values.map((value) => (Object.is(value, -0) ? "-0" : String(value)));
  return `${text(message(bytes, 8))}: ${type} [${integers(bytes, 1).join(", ")}] = ${shown.join(", ")}`;
}

/** `v2 = Gather(x, v1) axis=1` of a NodeProto. */
function node(bytes: Uint8Array): string {
  const [inputs, outputs] = [1, 2].map((field) => all(bytes, field).map(text).join(", "));
  const settings = all(bytes, 5).map((attribute) => {
    const kind = integers(attribute, 20)[0];
    const value =
      kind === 2
        ? integers(attribute, 3)[0]
        : kind === 3
          ? text(message(attribute, 4))
          : kind === 7
            ? `[${integers(attribute, 8)}]`
            : `{ ${graph(message(attribute, 6)).join("; ")} }`;
    return ` ${text(message(attribute, 1))}=${value}`;
  });
  return `${outputs} = ${text(message(bytes, 4))}(${inputs})${settings.join("")}`;
}

function graph(bytes: Uint8Array): string[] {
  return [
    text(message(bytes, 2)),
    ...all(bytes, 11).map((input) => `in ${port(input)}`),
    ...all(bytes, 5).map(constant),
    ...all(bytes, 1).map(node),
    ...all(bytes, 12).map((output) => `out ${port(output)}`),
  ];
}

/** What a file holds, line by line. */
export function readModel(bytes: Uint8Array): string {
  const sets = all(bytes, 8).map((set) => `${JSON.stringify(text(message(set, 1)))} ${integers(set, 2)}`);
  const metadata = all(bytes, 14).map((entry) => `${text(message(entry, 1))}: ${text(message(entry, 2))}`);
  const head = `version ${integers(bytes, 1)} of ${text(message(bytes, 2))}, operators ${sets.join()}`;
  return `\n${[head, ...metadata, ...graph(message(bytes, 7))].join("\n")}\n`;
}
