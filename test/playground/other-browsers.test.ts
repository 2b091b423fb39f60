/** The same pages in Firefox and WebKitGTK: no driver, but a program that opens a page in a frame and uses it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random, useBackend } from "halograd";
import { finish, generatePopulation, readModel, sampleCurves, trainModel } from "halograd/curves";
import { beforeAll, expect, test } from "vitest";
import { presets } from "../../examples/playground/stepper/presets.ts";
import { browsers, prepareFrame, runFrame } from "./frame.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Steps every program to its end, trains and samples in the lab, and posts what the pages show. */
const PROGRAM = `
await open("index.html", ".graph svg");
const shown = {};
const titles = [...frame.contentDocument.querySelectorAll("select[name=preset] option")].map(({ value }) => value);
for (const title of titles) {
  const page = frame.contentDocument;
  const select = page.querySelector("select[name=preset]");
  select.value = title;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  const slider = await until("the start", (page) => {
    const slider = page.querySelector("input[name=step]");
    return page.querySelector("select[name=preset]").value === title && slider.value === "0" && slider;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  page.body.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
  await until("the end", () => slider.value === slider.max && slider.value !== "0");
  shown[title] = {};
  for (const name of [...page.querySelectorAll(".box.leaf")].map((box) => box.dataset.name)) {
    page.querySelector('[data-name="' + name + '"]').dispatchEvent(new MouseEvent("click", { bubbles: true }));
    const story = await until(name, (page) => page.querySelector('[data-story="' + name + '"]'));
    shown[title][name] = [...story.querySelectorAll("figure:nth-of-type(2) .number")].map((cell) => cell.textContent);
  }
}

// The lab: a short training, and samples of the model that it opens with.
await open("lab.html", "[data-model=residual]");
const lab = frame.contentDocument;
const button = (text) => [...lab.querySelectorAll("button")].find(({ textContent }) => textContent.trim() === text);
button("Ask").click();
const asked = await until("samples", (page) => page.querySelector("[data-asked='20 curves']"));
const samples = asked.textContent;
button("Train").click();
for (const [name, value] of Object.entries({ count: 150, seed: 3, length: 40 })) {
  const field = lab.querySelector("input[name=" + name + "]");
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve, 100));
}
button("Start training").click();
const phase = lab.querySelector("[data-phase]");
await until("the training", () => phase.dataset.phase === "idle" && phase.textContent.startsWith("40 of 40"));
await fetch("/result", { method: "POST", body: JSON.stringify([{ shown, failures, samples, losses: phase.textContent }]) });
`;

beforeAll(() => {
  useBackend("typescript");
  prepareFrame("pages", PROGRAM, 1500);
}, 120_000);

test.each(browsers)(
  "%s shows the engine's gradients at the end of every program, and trains and samples in the lab",
  async (browser) => {
    // Imported here: it needs what the build has installed.
    const { runProgram } = await import("../../examples/playground/stepper/program.ts");
    const { record, elementsOf } = await import("../../examples/playground/stepper/steps.ts");
    const { show } = await import("../../examples/playground/site/numbers.ts");
    const { shown, failures, samples, losses } = await runFrame<{
      shown: Record<string, Record<string, string[]>>;
      failures: string[];
      samples: string;
      losses: string;
    }>("pages", browser, 100_000);
    expect(failures).toEqual([]);
    for (const { title, source } of presets) {
      const run = runProgram(source);
      record(run);
      const expected = [...run.leaves].map(([name, leaf]) => [name, elementsOf(leaf.grad!).map(show)]);
      expect(shown[title]).toEqual(Object.fromEntries(expected));
    }
    const model = readModel(
      readFileSync(join(root, "examples/playground/lab/models/residual.safetensors")),
      "model",
    );
    const curves = finish(sampleCurves(model, { count: 20, random: new Random(0) }));
    const outer = curves.map((curve) => curve[49]).sort((a, b) => a - b);
    expect(samples).toBe(`At 50 kpc they have ${Math.round(outer[10])} km/s in the median.`);
    const random = new Random(3);
    const galaxies = finish(generatePopulation({ count: 150, random }));
    const { loss } = finish(trainModel(galaxies, { epochs: 40, random }));
    const numbers = [...losses.matchAll(/\d\.\d{4}/g)].map(([number]) => Number(number));
    expect(numbers).toHaveLength(2);
    // The browser may have WebAssembly's bits.
    expect(Math.abs(numbers[0] - loss.train)).toBeLessThan(2e-4);
    expect(Math.abs(numbers[1] - loss.valid)).toBeLessThan(2e-4);
  },
  120_000,
);
