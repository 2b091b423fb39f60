/** Trains the small models that the lab opens with: `node make-models.js`, after `npm run build`; takes about a minute. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "halograd";
import { CONDITIONS, finish, generatePopulation, trainModel, writeModel } from "halograd/curves";

const random = new Random(0);
const galaxies = {
  standard: finish(generatePopulation({ count: 1000, random })),
  extended: finish(generatePopulation({ count: 12_500, population: "extended", random })),
};

/** The reference post's network, on its galaxies, and a narrow residual one, on galaxies like measured ones. */
const models = {
  autoencoder: trainModel(galaxies.standard, { random }),
  residual: trainModel(galaxies.extended, {
    network: "residual",
    widths: [56, 56, 56],
    conditions: CONDITIONS,
    random,
  }),
};

for (const [name, training] of Object.entries(models)) {
  const { model, loss } = finish(training);
  const bytes = writeModel(model);
  writeFileSync(join(import.meta.dirname, `models/${name}.safetensors`), bytes);
  console.log(`${name}: ${bytes.length} bytes, losses ${loss.train.toFixed(4)} and ${loss.valid.toFixed(4)}`);
}
