/**
 * Checkpoints: a training that goes on from one ends with the bits of one that was never stopped, and what does not fit is refused. The
 * typescript backend runs its steps eagerly, the other one compiled.
 */

import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError, HalogradError } from "../../src/basics/errors.ts";
import {
  finish,
  generatePopulation,
  loadTraining,
  readModel,
  saveTraining,
  type Training,
  type TrainingOptions,
  trainModel,
  writeModel,
} from "../../src/curves/index.ts";
import { Random } from "../../src/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/index.ts";
import { any, galaxies, SEED } from "./models.ts";

// More than one batch of the residual network, so that its permutations are left in the middle.
const many = finish(generatePopulation({ count: 700, random: new Random(SEED) }));
const random = new Random(SEED);

const trainings: [string, typeof many, TrainingOptions][] = [
  ["autoencoder", galaxies, { epochs: 8, random }],
  ["autoencoder on a schedule", galaxies, { epochs: 8, schedule: "cosine", widths: [8, 3], random }],
  ["residual network", many, { network: "residual", batches: 60, widths: [16], random }],
  [
    "residual network with conditions",
    many,
    { network: "residual", batches: 40, widths: [16], conditions: ["disc-mass", "concentration"], random },
  ],
];

/** What is left of a training: the model's file, and the losses. */
const outcome = ({ model, losses, done, total }: Training) => ({
  bytes: writeModel(model),
  losses,
  done,
  total,
});

/** The checkpoints of a training, one for each step that it yields. */
function checkpointsOf(work: Generator<Training, Training, void>): Uint8Array[] {
  const saved: Uint8Array[] = [];
  for (const training of work) saved.push(saveTraining(training));
  return saved;
}

describe.each(trainings)("a training of the %s", (_, data, options) => {
  const whole = outcome(finish(trainModel(data, options)));

  it("goes on from each of its checkpoints to the same bits", () => {
    const checkpoints = checkpointsOf(trainModel(data, options));
    for (const bytes of checkpoints) {
      expect(outcome(finish(loadTraining(bytes, data, { ...options, random: new Random(SEED) })))).toEqual(
        whole,
      );
    }
  });

  it("goes on through a checkpoint after each step, with the same checkpoints", () => {
    const checkpoints = checkpointsOf(trainModel(data, options));
    let bytes = checkpoints[0];
    for (const next of checkpoints.slice(1)) {
      const work = loadTraining(bytes, data, options);
      bytes = saveTraining(work.next().value as Training);
      work.return(undefined as never);
      expect(bytes).toEqual(next);
    }
    expect(outcome(finish(loadTraining(bytes, data, options)))).toEqual(whole);
  });
});

const options: TrainingOptions = { epochs: 6, random, version: "1.0.0" };
const [, second] = checkpointsOf(trainModel(galaxies, options));

describe("a checkpoint", () => {
  it.each([
    [`seed is ${SEED}, not ${SEED + 1}`, { random: new Random(SEED + 1) }],
    ["epochs is 6, not 7", { epochs: 7 }],
    ["epochs is 6, not 2001", { epochs: undefined }],
    ["batches is not given, not 6000", { network: "residual", epochs: undefined }],
    ["learning_rate is 0.01, not 0.02", { learningRate: 0.02 }],
    ['learning_rate_schedule is "constant", not "cosine"', { schedule: "cosine" }],
    ["widths is [32,16,4], not [32,16]", { widths: [32, 16] }],
    ['version is "1.0.0", not "1.0.1"', { version: "1.0.1" }],
    ['version is "1.0.0", not null', { version: undefined }],
    ['network is "autoencoder", not "residual"', { network: "residual", epochs: undefined }],
  ] as const)("is refused with what differs: its %s", (problem, change) => {
    const load = () => loadTraining(second, galaxies, { ...options, ...any(change) }, "mine");
    expect(load).toThrow(ArgumentError);
    expect(load).toThrow(/^mine: this is the checkpoint of another training: /);
    expect(load).toThrow(problem);
  });

  it("is refused for other curves, and for other galaxies where they are the conditions", () => {
    const other = {
      ...galaxies,
      curves: galaxies.curves.map((curve, i) => (i === 7 ? curve.map((v) => v + 1e-9) : curve)),
    };
    expect(() => loadTraining(second, other, options)).toThrow(
      /its data is "[0-9a-f]{16}", not "[0-9a-f]{16}"/,
    );
    const told: TrainingOptions = {
      network: "residual",
      batches: 20,
      conditions: ["disc-mass"],
      widths: [8],
      random,
    };
    const [bytes] = checkpointsOf(trainModel(galaxies, told));
    const changed = galaxies.galaxies.map((galaxy) => ({ ...galaxy, discMass: galaxy.discMass * 1.0001 }));
    expect(() => loadTraining(bytes, { ...galaxies, galaxies: changed }, told)).toThrow(/its properties is/);
  });

  it("that is damaged anywhere is refused, and a model or another file as well", () => {
    for (let at = 0; at < second.length; at += 397) {
      const damaged = second.slice();
      damaged[at] ^= 1 << (at % 8);
      expect(() => loadTraining(damaged, galaxies, options), `byte ${at}`).toThrow(HalogradError);
    }
    for (const length of [0, 7, 100, second.length - 1])
      expect(() => loadTraining(second.slice(0, length), galaxies, options)).toThrow(FormatError);
    const model = writeModel(finish(trainModel(galaxies, { epochs: 1, random })).model);
    expect(() => loadTraining(model, galaxies, options)).toThrow(
      /not a whole checkpoint of halograd: its format is/,
    );
    expect(() => readModel(second)).toThrow(/not a model of halograd: its format is "halograd checkpoint/);
    expect(() => loadTraining(writeSafetensors({}), galaxies, options)).toThrow(
      /says nothing about its format/,
    );
  });

  it("keeps the state as tensors that others can read", () => {
    const { tensors, metadata } = readSafetensors(second, "second");
    expect(metadata.get("done")).toBe("2");
    expect([...tensors.keys()]).toContain("model.encoder.0.weight");
    expect([...tensors.keys()]).toContain("optimizer.0.first");
    expect(tensors.get("losses")?.shape).toEqual([2, 3]);
  });

  it("is saved while the training stands where it was yielded, and not after", () => {
    const work = trainModel(galaxies, options);
    const first = work.next().value as Training;
    expect(saveTraining(first)).toEqual(saveTraining(first));
    work.next();
    expect(() => saveTraining(first)).toThrow(/has gone on or ended since it was at 1 of 6/);
    const done = finish(work);
    expect(() => saveTraining(done)).toThrow(ArgumentError);
    expect(() => saveTraining(any({ done: 1 }))).toThrow(/takes a training; got/);
  });
});
