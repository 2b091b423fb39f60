/** The page "The diffusion lab" in a browser: what it trains, samples and infers is what the library does in Node. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random, useBackend } from "halograd";
import {
  finish,
  generatePopulation,
  inferCurves,
  intervalsOf,
  predictCurves,
  readModel,
  sampleCurves,
  samplingSteps,
  trainModel,
  writeModel,
} from "halograd/curves";
import { parseCsv, parseCurves, parseObservations } from "halograd/io";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { INFERENCE } from "../../examples/playground/lab/settings.ts";
import { SPARC_GALAXIES } from "../../examples/playground/lab/sparc.ts";
import { requireFreshBuild } from "../fresh-build.ts";
import {
  buildPages,
  type Context,
  expectAccessible,
  hasBrowser,
  LOOKS,
  launch,
  openIn,
  openOffline,
  type Page,
  serve,
  sizeOf,
  Visits,
} from "./browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const saved = join(root, ".build/playground/saved");
const shipped = (name: string): Uint8Array =>
  readFileSync(join(root, `examples/playground/lab/models/${name}.safetensors`));

describe.skipIf(!hasBrowser)("the diffusion lab", () => {
  let browser: Awaited<ReturnType<typeof launch>>;
  let context: Context;
  let server: Server;
  let address: string;
  let page: Page;
  const visits = new Visits();

  beforeAll(async () => {
    requireFreshBuild();
    // As the worker's, which no policy of the page keeps from compiling WebAssembly.
    expect(useBackend("wasm")).toBe("wasm");
    buildPages();
    ({ server, address } = await serve());
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    page = await open(context);
    mkdirSync(saved, { recursive: true });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  function open(within: Context): Promise<Page> {
    return visits.open(within, `${address}lab.html`, "[data-model=residual]");
  }

  const show = (tab: string): Promise<void> => page.click(`role=tab[name="${tab}"]`);

  /** Presses a button, and gives the bytes of the file that it saves. */
  async function save(button: string): Promise<Uint8Array> {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
    return new Uint8Array(readFileSync(await download.path()));
  }
  const saveText = async (button: string): Promise<string> => new TextDecoder().decode(await save(button));

  test("opens with a model that can be sampled at once", async () => {
    expect(await page.textContent("[data-model]")).toContain("12500 galaxies of the extended population");
    for (const name of ["residual", "autoencoder"]) expect(shipped(name).length).toBeLessThanOrEqual(150_000);
  });

  test.each([
    [
      "autoencoder",
      { count: 150, seed: 3, length: 60, widths: "24 6" },
      { widths: [24, 6], schedule: "cosine", epochs: 60 },
    ],
    [
      "residual",
      { count: 150, seed: 4, length: 40, width: 16, blocks: 2 },
      { widths: [16, 16], schedule: "constant", batches: 40, conditions: ["disc-mass"] },
    ],
  ] as const)(
    "trains the network %s to the model that the library trains",
    async (network, fields, options) => {
      await show("Train");
      await page.selectOption("select[name=network]", network);
      for (const [name, value] of Object.entries(fields)) await fill(name, String(value));
      await fill("rate", "0.005");
      await page.selectOption("select[name=schedule]", options.schedule);
      if ("conditions" in options) await page.check("input[name=train-disc-mass]");
      await page.click("role=button[name='Start training']");
      await page.waitForSelector(`[data-phase=idle]:text("${fields.length} of ${fields.length}")`);
      await page.waitForSelector(`[data-model=${network}]:text("trained here")`);
      const bytes = await save("role=button[name='Save the model']");

      const random = new Random(fields.seed);
      const galaxies = finish(generatePopulation({ count: fields.count, random }));
      const training = finish(trainModel(galaxies, { network, learningRate: 0.005, random, ...options }));
      expect(bytes).toEqual(new Uint8Array(writeModel(training.model)));
      const csv = await saveText("role=button[name='Save as CSV']");
      const rows = parseCsv(csv, { source: "loss.csv" }).rows.map((row) => [...row]);
      expect(rows).toEqual(training.losses.map(({ epoch, train, valid }) => [epoch, train, valid]));
      expect(await saveText("role=button[name='Save as SVG']")).toMatch(
        /^<svg .*Training and validation loss/s,
      );
      // The samples that the page has drawn at the end.
      const drawn = await page.evaluate(
        () =>
          document
            .querySelectorAll("[role=tabpanel] div:not([hidden]) .chart")[1]
            .querySelectorAll("g path[style]").length,
      );
      expect(drawn).toBe(8);
    },
  );

  /** Types a value and leaves the field, as people do. */
  async function fill(name: string, value: string): Promise<void> {
    await page.fill(`input[name="${name}"]`, value);
    await page.evaluate(
      (name: string) =>
        document
          .querySelector(`input[name="${name}"]`)!
          .dispatchEvent(new Event("change", { bubbles: true })),
      name,
    );
  }

  test("pauses, goes on, and resets a training", async () => {
    await show("Train");
    await page.selectOption("select[name=network]", "autoencoder");
    await fill("count", "300");
    await fill("length", "20000");
    await page.click("role=button[name='Start training']");
    await page.waitForSelector("[data-phase=running]:text('epochs')");
    await page.click("role=button[name=Pause]");
    await page.waitForSelector("[data-phase=paused]");
    const wait = (milliseconds: number) =>
      page.evaluate(
        (time: number) => new Promise<void>((resolve) => setTimeout(resolve, time)),
        milliseconds,
      );
    await wait(400); // a report may have been under way
    const paused = await page.textContent("[data-phase]");
    await wait(500);
    expect(await page.textContent("[data-phase]")).toBe(paused);
    await page.click("role=button[name='Go on']");
    await page.waitForSelector(`[data-phase=running]:not(:text("${paused}"))`);
    await page.click("role=button[name=Reset]");
    await page.waitForSelector("[data-phase=idle]:text('not started')");
    // A model that is opened ends a training, which would take its place.
    await page.click("role=button[name='Start training']");
    await page.waitForSelector("[data-phase=running]:text('epochs')");
    await page.click("role=button[name=Residual]");
    await page.waitForSelector("[data-phase=idle]");
    expect(await save("role=button[name='Save the model']")).toEqual(new Uint8Array(shipped("residual")));
  });

  test.each(["residual", "autoencoder"] as const)(
    "samples with the %s what the library samples, watched step by step",
    async (name) => {
      const model = readModel(shipped(name));
      await show("Noise and steps");
      await page.click(`role=button[name="${name === "residual" ? "Residual" : "Autoencoder"}"]`);
      await page.waitForSelector(`[data-model=${name}]:text("trained before")`);
      await page.selectOption("select[name=sampler]", "dpm-solver");
      await fill("steps", "7");
      await fill("walk-seed", "11");
      await page.waitForSelector("[data-walk='dpm-solver 7 11']");
      const options = { count: 5, sampler: "dpm-solver", steps: 7, random: new Random(11) } as const;
      const expected = finish(sampleCurves(model, options));
      const { curves } = parseCurves(
        await saveText("section[aria-label=Samplers] >> role=button[name='Save as CSV']"),
        "saved",
      );
      expect(curves).toEqual(expected);
      expect(finish(samplingSteps(model, options))).toEqual(expected);

      // Steps go by key, and are announced.
      await page.evaluate(() => document.querySelector<HTMLInputElement>("input[name=step]")!.focus());
      await page.keyboard.press("Home");
      for (let k = 1; k <= 7; k++) {
        await page.keyboard.press("ArrowRight");
        await page.waitForSelector(`.spoken:text("Step ${k} of 7")`);
      }
      await page.click("role=button[name='To the start']");
      await page.click("role=button[name=Play]");
      await page.waitForSelector(".count:text('Step 7 of 7')");

      await page.check("input[name=compare]");
      await page.waitForSelector("[data-difference='dpm-solver 7 11, heun 7 11']");
      const other = finish(sampleCurves(model, { ...options, sampler: "heun" }));
      const squares = expected.flatMap((curve, i) => Array.from(curve, (v, j) => (v - other[i][j]) ** 2));
      const apart = Math.sqrt(squares.reduce((sum, square) => sum + square) / squares.length);
      expect(await page.textContent("[data-difference]")).toContain(`end ${apart.toFixed(2)} km/s`);
      await page.uncheck("input[name=compare]");

      // Noise of any amount, and the guess behind it.
      await page.fill("input[name=amount]", "0.35");
      await page.fill("input[name=galaxy]", "4");
      await page.waitForSelector(".count:text('35 %')");
      const unseen = new Random(0).fork("unseen");
      const population = model.training.population!;
      const { radii, curves: galaxies } = finish(
        generatePopulation({ count: 20, population, random: unseen }),
      );
      const random = new Random(0).fork(3);
      const { noisy, prediction } = predictCurves(
        model,
        { radii, curves: [galaxies[3]] },
        { amount: 0.35, random },
      );
      await page.waitForSelector("[data-noise='4 0.35']");
      const { rows } = parseCsv(
        await saveText("section[aria-label=Noise] >> role=button[name='Save as CSV']"),
        { source: "saved" },
      );
      expect(rows.map((row) => [...row])).toEqual(
        Array.from(radii, (radius, i) => [radius, galaxies[3][i], noisy[0][i], prediction[0][i]]),
      );
    },
  );

  test("asks for galaxies under conditions, guided, and as wished", async () => {
    const model = readModel(shipped("residual"));
    await page.click("role=button[name=Residual]");
    await page.waitForSelector("[data-model=residual]:text('trained before')");
    await show("Ask");
    await page.check("input[name=ask-disc-mass]");
    await page.fill("input[name=guidance]", "1.5");
    await page.check("input[name=ask-flat]");
    await fill("ask-count", "6");
    await page.waitForSelector("[data-asked='6 curves, disc-mass, 1.5, flat']");
    const command = await page.inputValue("[data-command=asked]");
    const mass = Number(/disc-mass=(\S+)/.exec(command)![1]);
    expect(command).toContain("--guidance 1.5 --guide flat=10");
    const expected = finish(
      sampleCurves(model, {
        count: 6,
        sampler: "heun",
        steps: 31,
        condition: { "disc-mass": mass },
        guidance: 1.5,
        wishes: { flat: 10 },
        random: new Random(0),
      }),
    );
    expect(parseCurves(await saveText("role=button[name='Save as CSV']"), "saved").curves).toEqual(expected);
  });

  test("infers the curve behind points that are drawn, as the library does", async () => {
    const model = readModel(shipped("residual"));
    await show("Infer");
    await page.click("role=button[name='Remove all']");
    const box = await page.evaluate<{ x: number; y: number; width: number; height: number }>(() => {
      const { x, y, width, height } = document.querySelector(".drawing")!.getBoundingClientRect();
      return { x, y, width, height };
    });
    await page.mouse.click(box.x + 0.45 * box.width, box.y + 0.6 * box.height);
    await page.mouse.click(box.x + 0.75 * box.width, box.y + 0.5 * box.height);
    // A drag of the second one, then the keys on the first one.
    await page.mouse.move(box.x + 0.75 * box.width, box.y + 0.5 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.8 * box.width, box.y + 0.45 * box.height);
    await page.mouse.up();
    await page.evaluate(() => document.querySelector<SVGGElement>(".measured")!.focus());
    for (const key of ["ArrowUp", "ArrowLeft", "+", "+"]) await page.keyboard.press(key);
    await page.waitForSelector("[data-inference=done]:text('effective samples')");
    const points = parseObservations(await saveText("role=button[name='Save the points']"), "saved");
    expect(points.radii).toHaveLength(2);
    expect([...points.errors]).toEqual([12, 10]);
    const [posterior] = finish(inferCurves(model, [points], { random: new Random(0), ...INFERENCE }));
    const { rows } = parseCsv(await saveText("role=button[name='Save as CSV']"), { source: "saved" });
    const intervals = intervalsOf(posterior);
    expect(rows.map((row) => [...row])).toEqual(
      Array.from(model.radii, (radius, i) => [radius, ...intervals[i]]),
    );
    expect(await saveText("role=button[name='Save as SVG']")).toMatch(/^<svg /);
  });

  test("reads measured galaxies: those of the page, and files, whose mistakes are told", async () => {
    await show("Infer");
    for (const [name, text] of Object.entries(SPARC_GALAXIES)) {
      await page.selectOption("select[name=measured]", name);
      const { radii } = parseObservations(text, name);
      await page.waitForSelector(`.spoken:text("${radii.length} points")`);
    }
    const file = join(saved, "NGC1_rotmod.dat");
    writeFileSync(file, "# Distance = 1 Mpc\n# Rad\tVobs\terrV\n# kpc\tkm/s\tkm/s\n2\t90\t9\n7\t120\t8\n");
    await page.setInputFiles("input[name=points]", file);
    await page.waitForSelector(".spoken:text('2 points of NGC1_rotmod.dat')");
    writeFileSync(file, "radius,velocity\n1,2\n");
    await page.setInputFiles("input[name=points]", file);
    await page.waitForSelector('role=alert >> text=no column "error"');
  });

  test("opens a model that was saved, and refuses what is none", async () => {
    const random = new Random(5);
    const galaxies = finish(generatePopulation({ count: 60, random }));
    const { model } = finish(trainModel(galaxies, { network: "residual", widths: [8], batches: 20, random }));
    const file = join(saved, "mine.safetensors");
    writeFileSync(file, writeModel(model));
    await page.setInputFiles("input[name=model]", file);
    await page.waitForSelector("[data-model=residual]:text('mine.safetensors')");
    expect(await save("role=button[name='Save the model']")).toEqual(new Uint8Array(writeModel(model)));
    writeFileSync(file, "no model");
    await page.setInputFiles("input[name=model]", file);
    await page.waitForSelector(".model [role=alert]");
    await page.click("role=button[name=Residual]");
    await page.waitForSelector("[data-model=residual]:text('trained before')");
  });

  test("in two dimensions comes near the exact denoiser, on shapes and on points that one adds", async () => {
    await show("Two dimensions");
    const errors = async () => {
      const text = (await page.textContent("[data-plane]"))!;
      return [...text.matchAll(/(?:error|best) ([\d.]+\d)/g)].map(([, value]) => Number(value));
    };
    for (const shape of ["moons", "spiral", "rings"]) {
      await page.selectOption("select[name=shape]", shape);
      await page.waitForSelector("[data-plane=waiting]");
      await page.waitForSelector("[data-plane=trained]:text('at best')");
      const [learned, exact] = await errors();
      expect(learned / exact, shape).toBeGreaterThan(0.98);
      expect(learned / exact, shape).toBeLessThan(1.08);
    }
    // Particles end where the exact ones do, most of them.
    await page.waitForSelector("#panel > .columns .keep button:text('CSV'):enabled");
    const { rows } = parseCsv(await saveText("role=button[name='Save as CSV']"), { source: "saved" });
    const last = rows.filter(([step]) => step === 30);
    expect(last).toHaveLength(150);
    const apart = last.map(([, , x, y, u, v]) => Math.hypot(x - u, y - v)).sort((a, b) => a - b);
    expect(apart[75]).toBeLessThan(0.35);
    expect(rows.filter(([step]) => step === 0).every(([, , x, y, u, v]) => x === u && y === v)).toBe(true);

    await page.selectOption("select[name=shape]", "points of your own");
    await page.evaluate(() => document.querySelector<SVGSVGElement>(".plane[role=application]")!.focus());
    await page.keyboard.press("Enter");
    for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForSelector("role=button[name='Remove all 2']");
    await page.waitForSelector("[data-plane=trained]:text('at best')");
    const [learned, exact] = await errors();
    expect(learned / exact).toBeLessThan(1.1);
  });

  test.each(LOOKS)(
    "axe finds nothing serious, %s at %i px, and nothing is wider than the screen",
    async (...look) => {
      const page = await openIn(browser, look, open);
      for (const tab of ["Train", "Noise and steps", "Ask", "Infer", "Two dimensions"]) {
        await page.click(`role=tab[name="${tab}"]`);
        await page.evaluate(() => new Promise<void>((resolve) => setTimeout(resolve, 500)));
        await expectAccessible(page, tab);
      }
      await page.context().close();
    },
  );

  test("opens without a network after the first visit to any page", async () => {
    const second = await openOffline(browser, open);
    expect(await second.textContent("h1")).toBe("The diffusion lab");
    await second.context().close();
  });

  test("all that is sent is at most 200 kB, and the models 165 kB", () => {
    const bytes = sizeOf("lab.html");
    expect(bytes).toBeLessThanOrEqual(200_000);
    expect(bytes).toBeGreaterThan(80_000);
  });

  test("no error reached the console, and no request another host", () => {
    expect(visits.problems).toEqual([]);
    expect(visits.requestsBeyond(address)).toEqual([]);
  });
});
