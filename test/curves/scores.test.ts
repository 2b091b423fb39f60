/** Scores: of what passes for real, of what does not, of what was copied; and the steps that lead to them. */

import { describe, expect, it } from "vitest";
import {
  compareCurves,
  finish,
  formatScore,
  generatePopulation,
  MEMORISATION,
  SCORES,
  type ScoreRow,
  SIGNIFICANCE,
  scoreSamples,
  titleOf,
  trainModel,
  verdict,
} from "../../src/curves/index.ts";
import { ArgumentError, Random } from "../../src/index.ts";
import { any, galaxies } from "./models.ts";

const of = (seed: number, count: number) =>
  finish(generatePopulation({ count, random: new Random(seed) })).curves;
const { radii } = galaxies;
const [real, fresh] = [of(1, 60), of(2, 40)];
const faster = fresh.map((curve) => curve.map((v) => 2.5 * v));
const random = new Random(0);
const valuesOf = (rows: readonly ScoreRow[], set = 0) =>
  new Map(rows.map(({ score, values }) => [score.title, values[set]]));

describe("a comparison", () => {
  const samples = [
    { name: "fresh", curves: fresh },
    { name: "faster", curves: faster },
  ];
  const work = () => compareCurves({ radii, real, samples, training: fresh, random });
  const rows = finish(work());

  it("tells sets apart that differ, and not those that do not", () => {
    expect(rows.map(({ score }) => score.title)).toEqual([
      ...SCORES.map(({ title }) => title),
      "memorised (training)",
    ]);
    expect(valuesOf(rows, 0).get("MMD²")!.pValue).toBeGreaterThan(SIGNIFICANCE);
    expect(valuesOf(rows, 1).get("MMD²")!.pValue).toBeLessThan(SIGNIFICANCE);
    expect(valuesOf(rows, 0).get("memorised (training)")!.value).toBe(1);
  });

  it("is the same for the same stream, and tells what it does, step by step", () => {
    const steps: string[] = [];
    for (const { step, done, total } of work()) {
      steps.push(step);
      expect(done).toBeLessThanOrEqual(total);
    }
    expect(steps).toContain("baseline: MMD²");
    expect(steps).toContain("faster: classifier");
    expect(finish(work())).toEqual(rows);
  });

  it("has the scores so far at each step: of whole sets, and of the first one as they come", () => {
    const seen = Array.from(work(), ({ step, sofar }) => ({ step, ...sofar }));
    const at = (name: string) => seen.find(({ step }) => step === name)!;
    expect(at("baseline: 1-NN").rows).toEqual([]);
    const steps = seen.filter(({ step }) => step.startsWith("fresh: ")).map(({ step }) => step.slice(7));
    expect(steps).toMatchInlineSnapshot(`
      [
        "distances",
        "MMD²",
        "energy distance",
        "1-NN",
        "precision and recall",
        "classifier",
        "classifier, ln v",
        "classifier, slopes",
        "classifier, curvature",
        "roughness",
        "fits",
      ]
    `);
    const early = at("fresh: 1-NN");
    expect(early.rows.map(({ score }) => score.key)).toEqual(["mmd", "energy", "neighbour"]);
    expect(early.sets).toBe(1);
    const whole = at("faster: MMD²");
    expect([whole.sets, whole.rows.length]).toEqual([1, SCORES.length]);
    for (const { score, values, baseline } of whole.rows) {
      const own = rows.find((row) => row.score.key === score.key)!;
      expect([values, baseline]).toEqual([own.values.slice(0, 1), own.baseline]);
    }
  });

  it("shows a classifier what velocities hide: details of a thousandth", () => {
    const rough = fresh.map((curve, i) =>
      curve.map((v, j) => v * (1 + (i % 2 === 0 ? 2e-3 : 3e-3) * (j % 2))),
    );
    const set = [{ name: "rough", curves: rough }];
    const found = valuesOf(finish(compareCurves({ radii, real, samples: set, random })));
    const [plain, curvature] = ["classifier", "classifier, curvature"].map((name) => found.get(name)!.value);
    expect(curvature).toBeGreaterThan(Math.max(0.9, plain));
    expect(found.get("physics residual, 99 %")!.value).toBeGreaterThan(found.get("physics residual")!.value);
  });

  it("can be left after any step", () => {
    let count = 0;
    for (const _ of work()) if (++count === 3) break;
    expect(count).toBe(3);
  });

  it("compares no more curves than asked for, the baseline by fresh curves where there are some", () => {
    const [a, b] = [20, 40].map((count) => finish(compareCurves({ radii, real, samples, count, random })));
    expect(a).not.toEqual(b);
    const based = finish(compareCurves({ radii, real, samples, count: 20, baseline: of(3, 30), random }));
    expect(based.map(({ baseline }) => baseline)).not.toEqual(a.map(({ baseline }) => baseline));
  });

  const [set] = samples;
  it.each([
    [
      "few samples",
      { samples: [{ ...set, curves: fresh.slice(0, 19) }] },
      /fresh: 19 curves, but scores need 20/,
    ],
    ["few real curves, which are halved", { real: real.slice(0, 39) }, /real: 39 curves, but scores need 40/],
    ["a small baseline", { baseline: fresh.slice(1, 3) }, /baseline: 2 curves/],
    [
      "a baseline that has real curves",
      { baseline: [...fresh.slice(1), real[3]] },
      /baseline: 1 of its \d+ curves are among the real ones/,
    ],
    ["real curves that were trained on", { training: real }, /training: \d+ of its \d+ curves are among/],
    ["other radii", { radii: radii.slice(1) }, /real: curve 1 has 50 velocities for 49 radii/],
    ["no stream", { random: undefined }, /needs a random stream/],
    ["options that are none", { fakes: [] }, /no option "fakes"/],
  ])("refuses %s at the call itself", (_, options, message) => {
    const call = () => compareCurves(any({ radii, real, samples, random, ...options }));
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });
});

describe("scores of a model", () => {
  it("are against fresh galaxies, and say whether it copies what it was trained on", () => {
    const { model } = finish(trainModel(galaxies, { epochs: 3, random: new Random(7) }));
    const { curves } = galaxies;
    const rows = finish(scoreSamples(model, curves, galaxies, { random: new Random(7) }));
    const found = valuesOf(rows);
    expect(found.get("MMD²")!.pValue).toBeGreaterThan(SIGNIFICANCE);
    expect(found.get("memorised (held out)")!.value).toBeGreaterThan(0.5);
    expect(found.get("memorised (fresh)")!.value).toBeGreaterThan(0.5);
    expect(() => scoreSamples(model, curves.slice(0, 3), galaxies, { random })).toThrow(/samples: 3 curves/);
  });
});

describe("a score in words", () => {
  const [mmd] = SCORES;
  const roughness = SCORES.find(({ key }) => key === "roughness")!;
  it("has its digits, its unit, and its verdict", () => {
    expect(formatScore(mmd, -0.000128)).toBe("−0.00013");
    expect([titleOf(mmd), titleOf(roughness)]).toEqual(["MMD²", "roughness [km/s]"]);
    expect(verdict(mmd, { value: 1, pValue: 0.001 })).toBe("told apart");
    expect(verdict(mmd, { value: 1, pValue: 0.5 })).toBe("not told apart");
    expect(verdict(MEMORISATION, { value: 1, pValue: 0.001 })).toBe("memorised");
    expect(verdict(MEMORISATION, { value: 1, pValue: SIGNIFICANCE })).toBe("not memorised");
  });
});
