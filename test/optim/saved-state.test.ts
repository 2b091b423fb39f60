/** States that are saved: of several parts in one, of random streams, of averages. */

import { describe, expect, it } from "vitest";
import { noGrad, normal, Random, tensor } from "../../src/index.ts";
import { cosineRestartsSchedule, WeightAverage } from "../../src/optim/index.ts";
import { joinedStates, partOfState, streamFrom, streamState } from "../../src/optim/saved-state.ts";

describe("states of several parts", () => {
  it("are found again under their names, and no others", () => {
    const [weight, rate] = [tensor([1, 2]), tensor(0.1)];
    const joined = joinedStates({ model: new Map([["0.weight", weight]]), m: new Map([["rate", rate]]) });
    expect([...joined]).toEqual([
      ["model.0.weight", weight],
      ["m.rate", rate],
    ]);
    expect([...partOfState(joined, "model")]).toEqual([["0.weight", weight]]);
    expect([...partOfState(joined, "m")]).toEqual([["rate", rate]]);
    expect(partOfState(joined, "weight").size).toBe(0);
  });
});

describe("the state of a random stream", () => {
  it("goes on where it was taken, and keeps all digits of its counter", () => {
    const random = new Random(7);
    normal([5], random);
    const state = streamState(random);
    expect([...state.keys()]).toEqual(["key", "counter"]);
    expect([...state.values()].map(({ dtype }) => dtype)).toEqual(["float64", "float64"]);
    expect(normal([9], streamFrom("test", state)).toArray()).toEqual(normal([9], random).toArray());
  });

  it("is refused in the name of who loads it", () => {
    expect(() => streamFrom("Loader", new Map())).toThrow(/^Loader:/);
    const half = streamState(new Random(7));
    half.delete("counter");
    expect(() => streamFrom("Loader", half)).toThrow(/^Loader:/);
  });
});

describe("averages of weights", () => {
  const trained = (): WeightAverage => {
    const weights = [tensor([1, 2], { requiresGrad: true }), tensor([[3]], { requiresGrad: true })];
    const average = new WeightAverage(weights, { decay: 0.5 });
    noGrad(() => {
      for (const weight of weights) weight.assign(weight.mul(3));
    });
    average.update();
    return average;
  };

  it("are saved as copies by the places of their parameters, and go on from them", () => {
    const average = trained();
    const state = average.stateDictionary();
    expect([...state].map(([name, value]) => [name, value.toArray()])).toEqual(
      average.values().map((value, i) => [`${i}`, value.toArray()]),
    );
    average.update();
    const later = average.values().map((value) => value.toArray());
    expect(state.get("0")!.toArray()).not.toEqual(later[0]);
    average.loadStateDictionary(state);
    expect(average.values().map((value) => value.toArray())).toEqual(
      Array.from(state.values(), (value) => value.toArray()),
    );
  });

  it("change nothing where one does not fit", () => {
    const average = trained();
    const before = average.values().map((value) => value.toArray());
    const state = average
      .stateDictionary()
      .set("0", tensor([7, 7]))
      .set("1", tensor([7]));
    expect(() => average.loadStateDictionary(state)).toThrow("average 1 is [1, 1], the saved value [1]");
    expect(average.values().map((value) => value.toArray())).toEqual(before);
  });
});

it("periods of restarts grow by their factor, from step 0 on and past the end of the first", () => {
  const rate = cosineRestartsSchedule({ from: 1, to: 0, steps: 2, growth: 2 });
  // Periods begin at 0, 2, 6 and 14; half way between, the rate is half.
  expect([0, 2, 6, 14].map(rate)).toEqual([1, 1, 1, 1]);
  for (const [i, middle] of [1, 4, 10].entries()) expect(rate(middle), `period ${i}`).toBeCloseTo(0.5, 12);
});
