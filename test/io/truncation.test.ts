/** Files cut at every byte, headers of every length: what is incomplete is refused, or read as what it holds. */

import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import {
  formatCsv,
  parseCsv,
  parseCurves,
  parseObservations,
  parseSparcCurves,
  readSafetensors,
  writeSafetensors,
} from "../../src/io/index.ts";

const tensors = {
  "0.weight": { shape: [2, 3], data: Float32Array.of(1, -2.5, 3e-40, 4, 5, 6) },
  bias: { shape: [], data: Float64Array.of(0.1) },
  none: { shape: [0, 2], data: new Float32Array(0) },
};

describe("a safetensors file", () => {
  // Padding brings a header to a multiple of 8: 17 lengths of text meet every remainder, and a step to the next.
  it.each(Array.from({ length: 17 }, (_, length) => [length]))(
    "with %i more letters in its header is read back, and refused when cut anywhere",
    (length) => {
      const metadata = new Map([["note", "x".repeat(length)]]);
      const bytes = writeSafetensors(tensors, metadata);
      const { tensors: found, metadata: notes } = readSafetensors(bytes, "whole");
      expect(notes).toEqual(metadata);
      for (const [name, { shape, data }] of Object.entries(tensors)) {
        expect(found.get(name)).toMatchObject({ shape, data });
      }
      for (let end = 0; end < bytes.length; end++) {
        const read = () => readSafetensors(bytes.subarray(0, end), "cut.safetensors");
        expect(read, `the first ${end} bytes`).toThrow(FormatError);
        expect(read).toThrow(/^cut\.safetensors: /);
      }
      for (let more = 1; more <= 9; more++) {
        const longer = new Uint8Array(bytes.length + more);
        longer.set(bytes);
        expect(() => readSafetensors(longer, "long"), `${more} bytes more`).toThrow(FormatError);
      }
    },
  );

  it("is refused whatever other length its header claims, in either half of the 64 bits", () => {
    const bytes = writeSafetensors(tensors);
    const own = new DataView(bytes.buffer).getUint32(0, true);
    for (let claimed = 0; claimed <= bytes.length + 16; claimed++) {
      if (claimed === own) continue;
      const lying = bytes.slice();
      new DataView(lying.buffer).setUint32(0, claimed, true);
      expect(() => readSafetensors(lying, "lying"), `${claimed} bytes`).toThrow(FormatError);
    }
    for (let bit = 0; bit < 32; bit++) {
      const lying = bytes.slice();
      new DataView(lying.buffer).setUint32(4, 2 ** bit, true);
      expect(() => readSafetensors(lying, "lying"), `bit ${32 + bit}`).toThrow(FormatError);
    }
  });
});

/** Numbers that a table holds, row by row. */
type Read = (text: string) => number[][];
const sparc = `Title: models\n${"-".repeat(80)}\nBytes\n 46- 52 F7.2 km/s Vobs\n${"-".repeat(80)}
         A1   4.50   1.00  60.00  5.00  -1.50  20.00   1.00   10.00    0.00
         A1   4.50   2.00  80.00  4.00  -3.00  30.00   0.00   10.00    0.00
`;
const tables: Record<string, { readonly text: string; readonly read: Read }> = {
  "a table": {
    text: formatCsv(
      ["a", "b"],
      [
        [1.5, -20],
        [3e-7, 400],
        [5, 6],
      ],
    ),
    read: (text) => parseCsv(text, { source: "cut" }).rows.map((row) => [...row]),
  },
  "a table of curves": {
    text: "0.5,1,20\n50,120,180\n40,110,170\n",
    read: (text) => {
      const { radii, curves } = parseCurves(text, "cut");
      return [radii, ...curves].map((row) => [...row]);
    },
  },
  "a measured curve": {
    text: "# a galaxy\r\nradius [kpc],velocity [km/s],error [km/s]\r\n1,60,5\r\n12,80,4.5\r\n",
    read: (text) => {
      const { radii, velocities, errors } = parseObservations(text, "cut");
      return [...radii].map((radius, i) => [radius, velocities[i], errors[i]]);
    },
  },
  "the models of SPARC": {
    text: sparc,
    read: (text) => {
      const [{ radii, velocities, errors, gas }] = parseSparcCurves(text, "cut");
      return [...radii].map((radius, i) => [radius, velocities[i], errors[i], gas[i]]);
    },
  },
};

describe.each(Object.entries(tables))("%s", (_, { text, read }) => {
  it("cut anywhere is refused, or holds its first rows as they were, and a last one of which only digits can be missing", () => {
    const whole = read(text);
    expect(whole.length).toBeGreaterThan(1);
    let lengths = 0;
    for (let end = 0; end < text.length; end++) {
      let rows: number[][];
      try {
        rows = read(text.slice(0, end));
      } catch (error) {
        expect(error, `the first ${end} characters`).toBeInstanceOf(FormatError);
        continue;
      }
      lengths++;
      expect(rows.slice(0, -1)).toEqual(whole.slice(0, Math.max(rows.length - 1, 0)));
      const [last, full] = [rows.at(-1) ?? [], whole[rows.length - 1] ?? []];
      last.forEach((value, i) => {
        if (i < last.length - 1) expect(value).toBe(full[i]);
        else
          expect(`${full[i]}`.startsWith(`${value}`) || value === full[i] || /e/.test(`${full[i]}`)).toBe(
            true,
          );
      });
    }
    expect(lengths).toBeGreaterThan(0);
  });
});
