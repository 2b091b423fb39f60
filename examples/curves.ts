/**
 * A model of rotation curves from beginning to end: galaxies, a network trained with conditions, samples as wanted and as
 * wished, a measured galaxy, scores. Small sizes, so that it takes seconds; `halograd run` has those of a good model.
 */

import { Random } from "halograd";
import {
  compareCurves,
  finish,
  generatePopulation,
  inferCurves,
  intervalsOf,
  readModel,
  sampleCurves,
  trainModel,
  writeModel,
} from "halograd/curves";
import { parseObservations } from "halograd/io";

const random = new Random(0); // each function forks streams of its own from it
const galaxies = finish(generatePopulation({ count: 1000, random }));

// Train with a condition. The model is bytes, for a .safetensors file or wherever bytes are kept.
const training = { network: "residual", conditions: ["disc-mass"], batches: 200, random } as const;
const bytes = writeModel(finish(trainModel(galaxies, training)).model);
const model = readModel(bytes);

// Sample discs of 10^10.5 solar masses whose curves are flat beyond 10 kpc.
const wanted = { condition: { "disc-mass": 10.5 }, wishes: { flat: 10 } };
const [curve] = finish(sampleCurves(model, { count: 10, ...wanted, random }));
const places = [36, 42, 49].map((i) => `${curve[i].toFixed(0)} km/s at ${model.radii[i].toFixed(0)} kpc`);
console.log(`sampled: ${places.join(", ")}`);

// Infer the whole curve of a measured galaxy from two of its points.
const measured = parseObservations("radius,velocity,error\n2,95,10\n8,140,10\n", "two points");
const [posterior] = finish(inferCurves(model, [measured], { bank: 4000, random }));
const [low, , , median, , , high] = intervalsOf(posterior)[49];
console.log(`inferred at 50 kpc: ${median.toFixed(0)} km/s, 95 % in ${low.toFixed(0)} to ${high.toFixed(0)}`);

// Score samples against galaxies that the model has not seen.
const fresh = finish(generatePopulation({ count: 60, random: random.fork("fresh") }));
const samples = [{ name: "samples", curves: finish(sampleCurves(model, { count: 30, random })) }];
const rows = finish(compareCurves({ radii: fresh.radii, real: fresh.curves, samples, random }));
for (const { score, baseline, values } of rows)
  console.log(`${score.title}: ${values[0].value.toFixed(3)}, of equal sets ${baseline.toFixed(3)}`);
