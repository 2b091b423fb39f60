/** Training: what it yields, what is left when it is left, and what cannot be trained on. */

import { describe, expect, it } from "vitest";
import { HalogradError } from "../../src/basics/errors.ts";
import {
  denoiseCurves,
  finish,
  generatePopulation,
  type LearningRateSchedule,
  NETWORKS,
  readModel,
  sampleCurves,
  type Training,
  type TrainingOptions,
  trainModel,
  unseenCurves,
  writeModel,
} from "../../src/curves/index.ts";
import { splitDataset } from "../../src/diffusion/index.ts";
import { Random } from "../../src/index.ts";
import { any, galaxies, residual, SEED } from "./models.ts";

const random = new Random(SEED);

describe.each(NETWORKS)("training of the network %s", (network) => {
  const length = network === "residual" ? { batches: 50 } : { epochs: 5 };
  const train = () => trainModel(galaxies, { network, ...length, random });

  it("yields the model and all losses so far, and returns the last of them", () => {
    const seen: [done: number, losses: number, epochs: number][] = [];
    const steps = train();
    let step = steps.next();
    for (; !step.done; step = steps.next()) {
      const { done, losses, model } = step.value;
      seen.push([done, losses.length, model.training.epochs]);
    }
    // 48 curves are one batch, so that an epoch is a batch.
    const counts = network === "autoencoder" ? [1, 2, 3, 4, 5] : [20, 40, 50];
    expect(seen).toEqual(counts.map((done, i) => [done, i + 1, done]));
    const { model, done, total, trained } = step.value;
    expect([done, total, trained]).toEqual([counts.at(-1), counts.at(-1), 48]);
    expect(model.training.seed).toBe(SEED);
  });

  it("that is left early leaves a model as good as it was by then", () => {
    let last: Training | undefined;
    for (const training of train()) {
      last = training;
      if (training.losses.length === 2) break;
    }
    const { model } = last!;
    expect(model.training.epochs).toBe(network === "autoencoder" ? 2 : 40);
    const kept = writeModel(model);
    expect(denoiseCurves(model, galaxies)).toHaveLength(60);
    expect(writeModel(model), "nothing goes on behind the back").toEqual(kept);
  });

  it("is the same to the bit for the same stream, whatever was drawn from it", () => {
    const again = new Random(SEED);
    again.uniform();
    const bytes = writeModel(finish(train()).model);
    const options = { network, ...length, random: again };
    expect(writeModel(finish(trainModel(galaxies, options)).model)).toEqual(bytes);
    const other = { ...options, random: new Random(SEED + 1) };
    expect(writeModel(finish(trainModel(galaxies, other)).model)).not.toEqual(bytes);
  });

  it("keeps the validation part unseen: that of its own data, all of other data", () => {
    const { model } = finish(train());
    const { valid } = splitDataset(galaxies.curves, new Random(SEED).fork("split"));
    expect(unseenCurves(model, galaxies).shape[0]).toBe(12);
    if (network === "autoencoder") expect(unseenCurves(model, galaxies).toArray()).toEqual(valid.toArray());
    const other = { ...galaxies, curves: galaxies.curves.map((curve) => curve.map((v) => 2 * v)) };
    expect(unseenCurves(model, other).shape[0]).toBe(60);
  });
});

describe("sizes and schedule of a training", () => {
  const weights = (options: Partial<TrainingOptions>) =>
    writeModel(finish(trainModel(galaxies, { random, ...options })).model);

  it.each([
    ["autoencoder", { epochs: 3 }, { widths: [32, 16, 4], schedule: "constant" }, { widths: [12, 3] }],
    [
      "residual",
      { batches: 20 },
      { widths: [128, 128, 128], schedule: "cosine" },
      { widths: [16, 16], schedule: "constant" },
    ],
  ] as const)(
    "of the network %s are kept in its file, and change nothing where they are the usual ones",
    (network, length, usual, own) => {
      const plain = weights({ network, ...length });
      expect(weights({ network, ...length, ...usual })).toEqual(plain);
      const bytes = weights({ network, ...length, ...own });
      expect(bytes.length).toBeLessThan(plain.length);
      const model = readModel(bytes);
      expect(writeModel(model)).toEqual(bytes);
      expect(model.training.schedule).toBe("schedule" in own ? own.schedule : undefined);
      expect(finish(sampleCurves(model, { count: 1, random }))[0]).toHaveLength(50);
    },
  );

  it.each(NETWORKS)(
    "of the network %s: a constant step size and one that falls part after the first step",
    (network) => {
      const train = (schedule: LearningRateSchedule, count: number) =>
        weights({
          network,
          widths: [8, 8],
          schedule,
          ...(network === "residual" ? { batches: count } : { epochs: count }),
        });
      const withoutRecord = (bytes: Uint8Array) =>
        readModel(bytes)
          .network.parameters()
          .map((each) => each.toArray());
      const [constant, cosine] = (["constant", "cosine"] as const).map((schedule) =>
        withoutRecord(train(schedule, 1)),
      );
      expect(cosine).toEqual(constant);
      expect(withoutRecord(train("cosine", 4))).not.toEqual(withoutRecord(train("constant", 4)));
    },
  );

  it.each([
    [{ network: "residual", widths: [8, 16] }, /one width, not 8, 16/],
    [{ widths: [] }, /number of widths/],
    [{ widths: [8, 0] }, /each width/],
    [{ widths: 8 }, /widths are an array/],
    [{ schedule: "linear" }, /schedule is the text "linear"; there are constant, cosine/],
  ] as const)("are refused: %j", (options, message) => {
    expect(() => trainModel(galaxies, any({ random, ...options }))).toThrow(message);
  });
});

describe("the residual network that is left early", () => {
  it("gets the average of its weights, as at the end", () => {
    const steps = trainModel(galaxies, { network: "residual", batches: 60, random });
    const { model } = steps.next().value as Training;
    const raw = writeModel(model);
    steps.return(any(undefined));
    expect(writeModel(model)).not.toEqual(raw);
  });
});

describe("conditions", () => {
  it("hold mean, spread and range of log10 of each property over the training part, in the order asked for", () => {
    const { conditions = [] } = residual(["halo-mass", "concentration"]);
    expect(conditions.map(({ name }) => name)).toEqual(["halo-mass", "concentration"]);
    const logs = galaxies.galaxies.map(({ haloMass, concentration }) =>
      [haloMass, concentration].map(Math.log10),
    );
    const order = new Random(SEED).fork("split").shuffle([...logs]);
    // A fifth validates: the first of the shuffled ones.
    const train = order.slice(12);
    conditions.forEach(({ mean, standardDeviation, least, greatest }, i) => {
      const values = train.map((row) => row[i]);
      const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
      expect(mean).toBeCloseTo(middle, 9);
      expect(standardDeviation).toBeCloseTo(Math.sqrt(variance), 9);
      expect(least).toBeCloseTo(Math.min(...values), 4);
      expect(greatest).toBeCloseTo(Math.max(...values), 4);
    });
  });
});

describe("training refuses, at the call itself and by the name of the curves,", () => {
  const few = { ...galaxies, curves: galaxies.curves.slice(0, 2) };
  const flat = { ...galaxies, curves: galaxies.curves.map(() => galaxies.curves[0]) };
  const zero = {
    ...galaxies,
    curves: galaxies.curves.map((curve, i) => (i === 3 ? curve.map(() => 0) : curve)),
  };
  const told = { network: "residual", random, conditions: ["disc-mass"] } as const;
  const wide = finish(generatePopulation({ count: 60, population: "extended", random }));
  const bulgeless = {
    ...wide,
    galaxies: wide.galaxies.map((galaxy, i) => (i === 4 ? { ...galaxy, bulgeMass: 0 } : galaxy)),
  };
  const source = "mine.csv";
  it.each([
    [
      "too few curves",
      () => trainModel(few, { random, source }),
      /^mine\.csv: its 2 curves cannot be trained on/,
    ],
    ["curves all the same", () => trainModel(flat, { random }), /^trainModel: its 60 curves/],
    ["too few for the residual network", () => trainModel(few, { ...told, conditions: [] }), /20 or more/],
    ["velocities of 0", () => trainModel(zero, { ...told, source }), /^mine\.csv: curve 4 .*\n.*autoencoder/],
    [
      "conditions of the autoencoder",
      () => trainModel(galaxies, { ...told, network: "autoencoder" }),
      /network: "residual"/,
    ],
    [
      "conditions without galaxies",
      () => trainModel({ ...galaxies, galaxies: [] }, told),
      /0 galaxies for 60 curves/,
    ],
    [
      "bulges that are none",
      () => trainModel(galaxies, { ...told, conditions: ["bulge-fraction"] }),
      /galaxy 1 has no bulge/,
    ],
    [
      "one bulge that is none",
      () => trainModel(bulgeless, { ...told, conditions: ["bulge-fraction"] }),
      /galaxy 5 has no bulge/,
    ],
    [
      "properties that are all the same",
      () => trainModel({ ...galaxies, galaxies: galaxies.galaxies.map(() => galaxies.galaxies[0]) }, told),
      /disc-mass are not properties in which/,
    ],
    [
      "networks that are none",
      () => trainModel(galaxies, any({ network: "resid", random })),
      /did you mean "residual"/,
    ],
    [
      "conditions that are none",
      () => trainModel(galaxies, any({ ...told, conditions: ["mass"] })),
      /the condition is/,
    ],
    ["no stream", () => trainModel(galaxies, any({})), /trainModel: needs a random stream/],
    [
      "epochs of the residual network",
      () => trainModel(galaxies, { random, network: "residual", epochs: 5 }),
      /trained for a number of batches, not of epochs/,
    ],
    [
      "batches of the autoencoder",
      () => trainModel(galaxies, { random, batches: 5 }),
      /trained for a number of epochs, not of batches/,
    ],
    ["no epochs", () => trainModel(galaxies, { random, epochs: 0 }), /epochs/],
    ["a step size of 0", () => trainModel(galaxies, { random, learningRate: 0 }), /learningRate is 0/],
    ["options that are none", () => trainModel(galaxies, any({ random, epoch: 3 })), /did you mean epochs/],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(HalogradError);
    expect(call).toThrow(message);
  });

  it("losses that are no numbers, when they come", () => {
    const steps = trainModel(galaxies, { random, epochs: 300, learningRate: 1000 });
    expect(() => finish(steps)).toThrow(/diverged\n.*learningRate below 1000/);
  });
});
