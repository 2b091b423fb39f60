/** A reader of FITS tables after the standard, which expects each byte of a file to be as that wants it, and knows nothing of the writer. */

import { expect } from "vitest";

/** A header and its data, as sections 3.3, 4.1 and 4.2 of the standard have them. */
function unitAt(bytes: Uint8Array, start: number) {
  const cards: string[] = [];
  let at = start;
  for (let isEnd = false; !isEnd; at += 80) {
    const card = Buffer.from(bytes.subarray(at, at + 80)).toString("latin1");
    expect(card).toMatch(/^[ -~]{80}$/);
    isEnd = /^END {77}$/.test(card);
    if (!isEnd) cards.push(card);
  }
  for (; at % 2880 !== 0; at++) expect(bytes[at]).toBe(0x20);
  const values = new Map<string, string | number | boolean>();
  for (const card of cards) {
    const keyword = card.slice(0, 8).trimEnd();
    expect(keyword).toMatch(/^[A-Z0-9_-]+$/);
    if (keyword === "HISTORY") continue;
    expect(card.slice(8, 10)).toBe("= ");
    expect(values.has(keyword), keyword).toBe(false);
    const field = card.slice(10);
    // Fixed format: a text from column 11 on, whose end is not before column 20; anything else ends in column 30.
    if (field[0] === "'") {
      const [, text] = /^'((?:[^']|'')*)' *$/.exec(field)!;
      expect(text.length).toBeGreaterThanOrEqual(8);
      values.set(keyword, text.replaceAll("''", "'").trimEnd());
    } else {
      const plain = /^ *(T|F|\d+)$/.exec(field.slice(0, 20))![1];
      expect(field.slice(20).trim()).toBe("");
      values.set(keyword, /\d/.test(plain) ? Number(plain) : plain === "T");
    }
  }
  const keys = cards.map((card) => card.slice(0, 8).trimEnd());
  const history = cards.filter((card) => card.startsWith("HISTORY ")).map((card) => card.slice(8).trimEnd());
  return { values, keys, history, data: at };
}

/** The name, the history and the columns of the only table: sections 7.3.1 to 7.3.3. */
export function readFits(bytes: Uint8Array) {
  expect(bytes.length % 2880).toBe(0);
  const primary = unitAt(bytes, 0);
  expect(primary.keys).toEqual(["SIMPLE", "BITPIX", "NAXIS", "EXTEND"]);
  expect([...primary.values.values()]).toEqual([true, 8, 0, true]);
  const { values, keys, history, data } = unitAt(bytes, primary.data);
  // These come first, in this order.
  expect(keys.slice(0, 8)).toEqual([
    ...["XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS"],
  ]);
  const fixed = ["XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT"].map((key) => values.get(key));
  expect(fixed).toEqual(["BINTABLE", 8, 2, 0, 1]);
  const [rowBytes, rows, count] = ["NAXIS1", "NAXIS2", "TFIELDS"].map((key) => Number(values.get(key)));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let within = 0;
  const columns = Array.from({ length: count }, (_, i) => {
    const [, width, kind] = /^(\d+)([ED])$/.exec(String(values.get(`TFORM${i + 1}`)))!;
    const size = kind === "D" ? 8 : 4;
    const start = data + within;
    within += Number(width) * size;
    return {
      name: values.get(`TTYPE${i + 1}`),
      unit: values.get(`TUNIT${i + 1}`),
      size,
      sizes: values.get(`TDIM${i + 1}`),
      rows: Array.from({ length: rows }, (_, row) =>
        Array.from({ length: Number(width) }, (_, k) => {
          const place = start + row * rowBytes + k * size;
          return size === 8 ? view.getFloat64(place, false) : view.getFloat32(place, false);
        }),
      ),
    };
  });
  expect(within).toBe(rowBytes);
  const end = data + rowBytes * rows;
  expect(bytes.length).toBe(Math.ceil(end / 2880) * 2880);
  expect(bytes.subarray(end).every((byte) => byte === 0)).toBe(true);
  return { name: values.get("EXTNAME"), history, columns };
}
