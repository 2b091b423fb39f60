/** Schedules, their derivatives, and grids. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  cosineNoiseSchedule,
  derivativeOf,
  karrasGrid,
  linearSchedule,
  logarithmicGrid,
  noiseShareAt,
  scheduleAt,
  scheduleSlopeAt,
  timeOfNoiseShare,
  uniformGrid,
  variancePreservingSchedule,
} from "../../src/diffusion/index.ts";
import { ArgumentError } from "../../src/index.ts";
import type { Expression } from "../../src/kernels/index.ts";
import { numbers } from "../../src/kernels/typescript/numbers.ts";

const schedules = [linearSchedule, cosineNoiseSchedule, variancePreservingSchedule()];
const inside = fc.double({ min: 0.02, max: 0.98, noNaN: true });
const aSchedule = fc.constantFrom(...schedules);

describe("a schedule", () => {
  it.each(schedules)("$name runs from data to noise", (schedule) => {
    const [start, end] = [scheduleAt(schedule, 0), scheduleAt(schedule, 1)];
    expect(start.alpha).toBeCloseTo(1, 12);
    expect(Math.abs(start.sigma)).toBe(0);
    expect(end.alpha).toBeLessThan(0.007);
    expect(end.sigma).toBeCloseTo(1, 4);
  });

  test.prop([aSchedule, inside])("has the derivatives that differences tend to", (schedule, t) => {
    const step = 1e-5;
    const [before, after] = [scheduleAt(schedule, t - step), scheduleAt(schedule, t + step)];
    const slope = scheduleSlopeAt(schedule, t);
    expect(slope.alpha).toBeCloseTo((after.alpha - before.alpha) / (2 * step), 6);
    expect(slope.sigma).toBeCloseTo((after.sigma - before.sigma) / (2 * step), 6);
  });

  test.prop([aSchedule, inside])("finds the time of a share of noise", (schedule, t) => {
    expect(timeOfNoiseShare(schedule, noiseShareAt(schedule, t))).toBeCloseTo(t, 12);
  });

  it.each(schedules)("$name has its ends at the shares 0 and 1", (schedule) => {
    expect(timeOfNoiseShare(schedule, 0)).toBeLessThan(1e-12);
    expect(timeOfNoiseShare(schedule, 1)).toBe(1);
  });

  it("preserves the variance where it says so", () => {
    for (const schedule of schedules.slice(1)) {
      for (const t of [0, 0.1, 0.5, 1]) {
        const { alpha, sigma } = scheduleAt(schedule, t);
        expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 14);
      }
    }
  });

  it("refuses rates that fall or are none", () => {
    expect(() => variancePreservingSchedule({ from: 2, to: 1 })).toThrow(ArgumentError);
    expect(() => variancePreservingSchedule({ from: 0 })).toThrow(ArgumentError);
  });
});

describe("derivativeOf", () => {
  const functions: Record<string, Expression> = {
    rational: (m, x) => m.div(m.sub(m.mul(x, x), m.constant(3)), m.add(x, m.constant(2))),
    roots: (m, x) => m.sqrt(m.neg(m.sub(x, m.constant(4)))),
    exponentials: (m, x) => m.mul(m.exp(x), m.expm1(m.neg(x))),
    logarithms: (m, x) => m.add(m.log(x), m.log1p(x)),
    circular: (m, x) => m.mul(m.sin(x), m.cos(m.mul(x, x))),
    "tanh and erf": (m, x) => m.add(m.tanh(x), m.erf(x)),
    powers: (m, x) => m.add(m.pow(x, m.constant(2.5)), m.pow(m.constant(3), x)),
    branches: (m, x) =>
      m.add(
        m.where(m.less(x, m.constant(1)), m.mul(x, x), m.abs(m.sub(x, m.constant(9)))),
        m.add(m.maximum(x, m.constant(1)), m.minimum(m.mul(m.constant(2), x), m.add(x, m.equal(x, x)))),
      ),
  };

  it.each(Object.entries(functions))("differentiates %s", (_, f) => {
    for (const x of [0.3, 0.7, 1.6]) {
      const step = 1e-6;
      const expected = (f(numbers, x + step) - f(numbers, x - step)) / (2 * step);
      expect(derivativeOf(f)(numbers, x)).toBeCloseTo(expected, 7);
    }
  });
});

describe("a grid", () => {
  const grids: Record<string, (steps: number) => number[]> = {
    uniformGrid,
    karrasGrid,
    logarithmicGrid,
    "karrasGrid for another schedule": (steps) => karrasGrid(steps, { schedule: cosineNoiseSchedule }),
  };

  it.each(Object.entries(grids))(
    "of %s falls from 1 to 0 in as many steps as asked, none doubled",
    (_, grid) => {
      for (const steps of [1, 2, 3, 31]) {
        const times = grid(steps);
        expect(times).toHaveLength(steps + 1);
        expect([times[0], times[steps]]).toEqual([1, 0]);
        for (let i = 1; i <= steps; i++) expect(times[i]).toBeLessThan(times[i - 1]);
      }
      expect(() => grid(0)).toThrow(ArgumentError);
    },
  );

  it("of Karras is even in the root of σ/α, from there on to the least", () => {
    const times = karrasGrid(6, { least: 0.01, greatest: 10, rho: 3 });
    const roots = times.slice(1, -1).map((t) => Math.cbrt(t / (1 - t)));
    const [from, to] = [Math.cbrt(10), Math.cbrt(0.01)];
    roots.forEach((root, i) => {
      expect(root).toBeCloseTo(from + ((i + 1) / 5) * (to - from), 10);
    });
    expect(times[5]).toBeCloseTo(0.01 / 1.01, 12);
  });

  it("in logarithms has equal ratios, in the units of the schedule", () => {
    const times = logarithmicGrid(5, { schedule: cosineNoiseSchedule });
    const ratios = times.slice(1, -1).map((t) => Math.tan((Math.PI / 2) * t));
    for (let i = 1; i < 4; i++) expect(ratios[i] / ratios[i - 1]).toBeCloseTo((0.002 / 80) ** (1 / 4), 10);
  });

  it("refuses ratios that do not fall", () => {
    expect(() => karrasGrid(5, { least: 1, greatest: 1 })).toThrow(ArgumentError);
    expect(() => karrasGrid(5, { rho: 0 })).toThrow(ArgumentError);
    expect(() => logarithmicGrid(5, { least: 0 })).toThrow(ArgumentError);
  });
});
