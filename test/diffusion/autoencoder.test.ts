/** The network over many rows: blocks of them one after another, and the same bits as all at once. */

import { expect, it } from "vitest";
import { DenoisingAutoencoder } from "../../src/diffusion/index.ts";
import { noGrad, normal, Random } from "../../src/index.ts";

const random = new Random(1);
const model = new DenoisingAutoencoder(random);

it.each([0, 1, 7, 1024, 1025, 3000])("gives %i rows the bits that it gives them while recording", (rows) => {
  const x = normal([rows, 50], random);
  const recorded = model.forward(x);
  const result = noGrad(() => model.forward(x));
  expect(result.shape).toEqual([rows, 50]);
  expect(result.requiresGrad).toBe(false);
  expect(result.toTypedArray()).toEqual(recorded.toTypedArray());
});

it("keeps what it was given and what it gave, while it runs again and again", () => {
  const inputs = Array.from({ length: 4 }, () => normal([1500, 50], random).mul(1));
  const copies = inputs.map((x) => x.toTypedArray());
  const outputs = noGrad(() => inputs.map((x) => model.forward(x)));
  const expected = copies.map((values, i) => {
    expect(inputs[i].toTypedArray()).toEqual(values);
    return noGrad(() => model.forward(inputs[i]));
  });
  outputs.forEach((output, i) => {
    expect(output.toTypedArray()).toEqual(expected[i].toTypedArray());
  });
});
