/** Model files cut at every byte, and with single bytes of their header changed: refused, or a model still. */

import { expect, it } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import { readModel, writeModel } from "../../src/curves/index.ts";
import { quickModel } from "./models.ts";

const bytes = writeModel(quickModel());
const header = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);

it("a model file is refused wherever it is cut, by the name that it was given", () => {
  expect(() => readModel(bytes)).not.toThrow();
  for (let end = 0; end < bytes.length; end++) {
    const read = () => readModel(bytes.subarray(0, end), "cut.safetensors");
    expect(read, `the first ${end} bytes`).toThrow(FormatError);
    if (end % 97 === 0) expect(read).toThrow(/^cut\.safetensors: /);
  }
});

it("a model file with one byte in its header changed, here or there, is refused by a FormatError, or is written again as it then says", () => {
  for (let at = 0; at < 8 + header; at += at < 64 ? 1 : 17) {
    const changed = bytes.slice();
    changed[at] ^= 1 << (at % 8);
    try {
      const model = readModel(changed, "changed.safetensors");
      expect(readModel(writeModel(model))).toEqual(model);
    } catch (error) {
      expect(error, `byte ${at}`).toBeInstanceOf(FormatError);
    }
  }
});
