import { describe, expect, it } from "vitest";
import { Random } from "../../src/index.ts";
import { leaveOneOut } from "../../src/metrics/index.ts";
import { messagesOf } from "../messages.ts";

const logNormal = (x: number, mean: number, variance: number) =>
  -0.5 * ((x - mean) ** 2 / variance + Math.log(2 * Math.PI * variance));

describe("leaving one out", () => {
  const random = new Random(1);
  const points = Array.from({ length: 12 }, () => random.normal(1, 1));
  const exactPosterior = (list: readonly number[]) => {
    // Points are z ± 1, and z is standard normal.
    const variance = 1 / (1 + list.length);
    return { mean: variance * list.reduce((sum, x) => sum + x, 0), variance };
  };

  it("scores each point as a posterior of the others would, which is known for normal ones", () => {
    const { mean, variance } = exactPosterior(points);
    const draws = Array.from({ length: 4000 }, () => random.normal(mean, Math.sqrt(variance)));
    const { score, scores, doubtful } = leaveOneOut(draws.map((z) => points.map((x) => logNormal(x, z, 1))));
    const exact = points.map((x, i) => {
      const others = exactPosterior(points.filter((_, j) => j !== i));
      return logNormal(x, others.mean, others.variance + 1);
    });
    expect(doubtful).toBe(0);
    exact.forEach((value, i) => {
      expect(Math.abs(scores[i] - value)).toBeLessThan(0.03);
    });
    expect(score).toBeCloseTo(
      scores.reduce((sum, one) => sum + one, 0),
      12,
    );
  });

  it("doubts a point that nearly nothing of the posterior foretells", () => {
    const far = [...points, 9];
    const { mean, variance } = exactPosterior(far);
    const draws = Array.from({ length: 400 }, () => random.normal(mean, Math.sqrt(variance)));
    const { doubtful } = leaveOneOut(draws.map((z) => far.map((x, i) => logNormal(x, z, i < 12 ? 1 : 0.01))));
    expect(doubtful).toBeGreaterThan(0);
  });

  it("gives the scores of ArviZ 0.23.4, whose psislw() smooths the same weights", () => {
    const draws = Array.from({ length: 200 }, (_, d) => 1.5 * Math.sin(0.7 * d) + 0.5 * Math.cos(1.9 * d));
    const points = [
      { x: 0.2, spread: 1, expected: -0.8462815910963899 },
      { x: 1.5, spread: 0.5, expected: -19.85704078555102 },
      { x: 3, spread: 0.4, expected: -72.37879980207721 },
      { x: -4, spread: 1, expected: -14.481366329576986 },
      { x: 6, spread: 0.5, expected: -122.15021669219136 },
    ];
    const { scores, doubtful } = leaveOneOut(
      draws.map((z) => points.map(({ x, spread }) => -0.5 * ((x - z) / spread) ** 2)),
    );
    points.forEach(({ expected }, i) => {
      expect(scores[i] / expected, `point ${i}`).toBeCloseTo(1, 13);
    });
    // Shapes of 0.09, 3.1, 6.5, 0.86 and 6.9, of which 0.7 is the limit.
    expect(doubtful).toBe(4);
  });

  it("takes a point that all draws foretell alike as it is, of a hundred draws", () => {
    const alike = Array.from({ length: 100 }, (_, d) => [-3, -1e-14 * d]);
    expect(leaveOneOut(alike)).toEqual({
      score: expect.closeTo(-3, 10),
      scores: Float64Array.of(-3, leaveOneOut(alike.map(([, one]) => [one])).score),
      doubtful: 0,
    });
  });

  it("tells what it cannot score", () => {
    const rows = (last: number[]): number[][] => [...Array.from({ length: 99 }, () => [1, 2]), last];
    expect(
      messagesOf({
        "too few draws": () => leaveOneOut(rows([1, 2]).slice(1)),
        "a number of draws": () => leaveOneOut(200 as never),
        "a row of one point": () => leaveOneOut(rows([1])),
        "a row of text": () => leaveOneOut(rows("12" as never)),
        "a likelihood of 0": () => leaveOneOut(rows([1, -Infinity])),
        "no points": () => leaveOneOut(rows([]).map(() => [])),
      }),
    ).toMatchInlineSnapshot(`
      "
      too few draws
        ArgumentError: leaveOneOut: got 99 draws.
        Fix: pass 100 or more.
      a number of draws
        ArgumentError: leaveOneOut: logLikelihoods are an array of rows, one for each draw; got the number 200.
      a row of one point
        ShapeError: leaveOneOut: row 99 has 1 points, row 0 has 2.
        Fix: give each draw's of all points.
      a row of text
        ArgumentError: leaveOneOut: logLikelihoods[99] is a list of numbers; got the text "12".
      a likelihood of 0
        ArgumentError: leaveOneOut: logLikelihoods[99][1] is -Infinity; it must be a finite number.
      no points
        ArgumentError: leaveOneOut: there are no points.
      "
    `);
  });
});
