import { describe, expect, it } from "vitest";
import { Random } from "../../src/index.ts";
import { leaveOneOut } from "../../src/metrics/index.ts";

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

  it("needs draws", () => {
    expect(() => leaveOneOut([[1]])).toThrow("got 1 draws");
  });
});
