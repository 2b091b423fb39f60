/** The page "Backprop, step by step" in a browser: its numbers are the engine's, and one can do with it what it says. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { useBackend } from "halograd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { presets } from "../../examples/playground/stepper/presets.ts";
import { requireFreshBuild } from "../fresh-build.ts";
import {
  buildPages,
  type Context,
  codeFromText,
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

const exports = fileURLToPath(new URL("../../.build/playground/stepper", import.meta.url));

describe.skipIf(!hasBrowser)("the stepper", () => {
  let browser: Awaited<ReturnType<typeof launch>>;
  let context: Context;
  let server: Server;
  let address: string;
  let page: Page;
  const visits = new Visits();

  beforeAll(async () => {
    requireFreshBuild();
    useBackend("typescript");
    buildPages();
    ({ server, address } = await serve());
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    page = await open(context);
    mkdirSync(exports, { recursive: true });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  function open(within: Context, hash = ""): Promise<Page> {
    return visits.open(within, address + hash, ".graph svg");
  }

  const isAt = (page: Page) =>
    page.evaluate(() => {
      const slider = document.querySelector<HTMLInputElement>("input[name=step]")!;
      return [Number(slider.value), Number(slider.max)] as const;
    });

  /** Opens a program by its address, as a link does. */
  async function write(source: string): Promise<void> {
    await page.evaluate(
      (hash: string) => {
        location.hash = hash;
      },
      `#program=${Buffer.from(source).toString("base64url")}`,
    );
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
  }

  describe.each(presets.map(({ title }, i) => [title, i] as const))("%s", (title, i) => {
    test("steps to its end by key, with the gradients that its exported code has in Node", async () => {
      await page.selectOption("select[name=preset]", title);
      await page.click("h1");
      const [, count] = await isAt(page);
      expect(count).toBeGreaterThan(3);
      const { runProgram } = await import("../../examples/playground/stepper/program.ts");
      const { elementsOf, record } = await import("../../examples/playground/stepper/steps.ts");
      const { show } = await import("../../examples/playground/site/numbers.ts");
      const { steps, nodes, nameOf } = record(runProgram(presets[i].source));
      expect(count).toBe(steps.length);
      for (let k = 1; k <= count; k++) {
        await page.keyboard.press("ArrowRight");
        expect((await isAt(page))[0]).toBe(k);
        const step = steps[k - 1];
        const shown = await page.evaluate(() =>
          ["[data-contribution]", "[data-total]"].map(
            (place) => document.querySelector(place)?.textContent ?? null,
          ),
        );
        const expected =
          step.kind === "backward"
            ? [step.contribution.contribution, step.contribution.total].map((value) =>
                show(elementsOf(value)[0]),
              )
            : [null, null];
        expect(shown).toEqual(expected);
      }
      // The graph has all values, and what has flowed back.
      const totals = new Map(
        steps.flatMap((step) =>
          step.kind === "backward" ? [[step.contribution.target, step.contribution.total] as const] : [],
        ),
      );
      for (const node of nodes.filter(({ output }) => output.size === 1)) {
        const texts = await page.evaluate(
          (name: string) =>
            [".value", ".gradient"].map(
              (part) => document.querySelector(`[data-name="${name}"] ${part}`)!.textContent,
            ),
          nameOf(node.output),
        );
        const total = totals.get(node);
        expect(texts).toEqual([
          show(elementsOf(node.output)[0]),
          `∇ ${total === undefined ? "1" : show(elementsOf(total)[0])}`,
        ]);
      }

      await page.click("role=tab[name=Export]");
      const texts: Record<string, string> = {};
      for (const format of ["halograd", "PyTorch", "JAX", "SVG", "DOT"]) {
        await page.selectOption("select[name=format]", format);
        texts[format] = await page.inputValue(`[data-export=${format}]`);
      }
      expect(texts.SVG).toMatch(/^<svg /);
      expect(texts.DOT).toMatch(/^digraph /);
      expect(texts.PyTorch).toContain("import torch");
      expect(texts.JAX).toContain("import jax");

      // The code as a user would run it, with numbers instead of prints.
      const names = [...texts.halograd.matchAll(/^console\.log\(".*∂(\w+) =", /gm)].map(([, name]) => name);
      const result = /^console\.log\("(\w+) =", /m.exec(texts.halograd)![1];
      const module = join(exports, `${i}.mjs`);
      writeFileSync(
        module,
        `import { useBackend } from "halograd";\nuseBackend("typescript");\n${texts.halograd.replace(/^console\.log.*$/gm, "")}\nexport const numbers = { value: ${result}.item(), ${names.map((name) => `${name}: ${name}.grad.toArray()`).join(", ")} };\n`,
      );
      const { numbers } = await import(/* @vite-ignore */ module);
      await page.click("role=tab[name=Node]");
      for (const name of names) {
        await page.evaluate((name: string) => {
          document
            .querySelector(`[data-name="${name}"]`)!
            .dispatchEvent(new MouseEvent("click", { bubbles: true }));
        }, name);
        await page.waitForSelector(`[data-story="${name}"]`);
        const shown = await page.evaluate(() =>
          [...document.querySelectorAll(".story figure:nth-of-type(2) .number")].map((cell) =>
            Number(cell.textContent!.replace("−", "-")),
          ),
        );
        const expected = [numbers[name]].flat(3) as number[];
        expect(shown.length).toBe(expected.length);
        // Four digits are shown.
        shown.forEach((value, k) => {
          expect(Math.abs(value - expected[k])).toBeLessThanOrEqual(6e-4 * Math.abs(expected[k]) + 1e-12);
        });
      }
    });
  });

  test("steps go back, to the ends and by slider, and play to the end", async () => {
    await write("x = 3\nf = x * x");
    await page.click("h1");
    await page.keyboard.press("End");
    expect(await isAt(page)).toEqual([4, 4]);
    expect(await page.textContent("[data-total]")).toBe("6");
    expect(await page.textContent(".explanation")).toContain("operand 2 moves alone");
    await page.keyboard.press("ArrowLeft");
    expect(await page.textContent("[data-total]")).toBe("3");
    expect(await page.textContent(".explanation")).toContain("operand 1 moves alone");
    await page.keyboard.press("Home");
    expect(await isAt(page)).toEqual([0, 4]);
    await page.fill("input[name=step]", "2");
    expect(await isAt(page)).toEqual([2, 4]);
    await page.selectOption(".controls select", "fast");
    await page.click("role=button[name=Play]");
    await page.waitForSelector("role=button[name='Step forward'][disabled]");
    expect(await isAt(page)).toEqual([4, 4]);
  });

  test("local derivatives are formulas as in a textbook, also of what is not elementwise", async () => {
    await write("x = 0.5\nf = x.silu()");
    await page.keyboard.press("End");
    await page.click("h1");
    await page.keyboard.press("End");
    const formula = await page.evaluate(() =>
      document.querySelector("[data-formula]")!.getAttribute("data-formula"),
    );
    expect(formula).toBe("σ(x) (1 + x (1 − σ(x)))");
  });

  test("a prediction is asked for, and mistakes are told apart", async () => {
    await write("x = 3\ny = x * x\nf = y * 2 + x");
    await page.check("input[name=predict]");
    await page.click("h1");
    const [, count] = await isAt(page);
    const answer = async (text: string): Promise<string | null> => {
      await page.fill("input[name=prediction]", text);
      await page.click("role=button[name=Check]");
      return page.evaluate(
        () => document.querySelector("[data-mistake]")?.getAttribute("data-mistake") ?? "none",
      );
    };
    // mul(x, x) is the last to contribute to x: 1 was there, and 2 · 3 is added twice.
    await page.fill("input[name=step]", String(count));
    expect(await answer("6")).toBe("accumulation");
    expect(await answer("7")).toBe("accumulation");
    expect(await answer("-13")).toBe("sign");
    expect(await answer("10")).toBe("factor");
    expect(await answer("nonsense")).toBe("other");
    expect(await page.evaluate(() => document.querySelector("[data-total]") === null)).toBe(true);
    await answer("13");
    expect(await page.textContent("[data-total]")).toBe("13");

    await write("b = [1, 2]\nf = (b * [[3, 4], [5, 7]]).sum()");
    await page.fill("input[name=step]", "6");
    await page.fill("input[name=step]", String((await isAt(page))[1]));
    expect(await answer("7")).toBe("broadcast");
    expect(await page.evaluate(() => document.querySelectorAll(".choices button").length)).toBeGreaterThan(2);
    await page.uncheck("input[name=predict]");
  });

  test("a nudge moves the result by gradient times nudge, up to what the tangent misses", async () => {
    await write("x = 3\nf = x * x");
    await page.click("role=tab[name=Nudge]");
    await page.fill("input[name=nudge]", "0.15");
    expect(Number(await page.textContent("[data-change]"))).toBeCloseTo(3.15 ** 2 - 9, 3);
    expect(await page.textContent("[data-linear]")).toContain("6 × 0.15 = 0.9");
  });

  test("another element and another leaf are nudged with gradients of their own", async () => {
    await write("w = [2, -1]\nu = 3\nf = (w * w).sum() * u");
    await page.click("role=tab[name=Nudge]");
    await page.fill("input[name=nudge]", "0.1");
    expect(await page.textContent("[data-linear]")).toContain("12 × 0.1 = 1.2");
    await page.selectOption("[role=tabpanel] label:nth-of-type(2) select", "1");
    expect(await page.textContent("[data-linear]")).toContain("−6 × 0.1 = −0.6");
    await page.selectOption("[role=tabpanel] select", "u");
    expect(await page.textContent("[data-linear]")).toContain("5 × 0.1 = 0.5");
  });

  test.each(["SGD", "Adam"])("descent by %s lowers the loss", async (method) => {
    await write("w = [2, -1]\nloss = (w - [0.5, 0.5]).square().sum()");
    await page.click("role=tab[name=Descend]");
    await page.selectOption("[role=tabpanel] select", method);
    const loss = (): Promise<number> =>
      page.evaluate(() => Number(document.querySelector("[data-loss]")!.getAttribute("data-loss")));
    const before = await loss();
    await page.click("role=button[name='Ten steps']");
    expect(await loss()).toBeLessThan(before * 0.9);
  });

  test("another order loses contributions, and the right one none", async () => {
    await write(presets.find(({ title }) => title === "Diamond")!.source);
    await page.click("role=tab[name=Order]");
    const lost = (): Promise<number> =>
      page.evaluate(() => Number(document.querySelector("[data-lost]")!.getAttribute("data-lost")));
    expect(await lost()).toBe(0);
    await page.click("role=button[name='As soon as something arrives']");
    expect(await lost()).toBeGreaterThan(0);
  });

  test("second derivatives are stepped through like first ones", async () => {
    await write("x = 2\nf = x ** 3");
    await page.check("input[name=second]");
    await page.click("h1");
    await page.keyboard.press("End");
    expect(await page.textContent("[data-total]")).toBe("12");
    await page.uncheck("input[name=second]");
  });

  test.each([
    [
      "a = [1, 2]\nb = [1, 2, 3]\nf = matmul(a, b)",
      "matmul(a, b)",
      "matmul: [2] × [3]: 2 columns on the left, 3 rows on the right",
    ],
    ["x = 1\nf = x.sqr()", "sqr", "There is no operation sqr. Did you mean sqrt?"],
    ["x = 1\nf = eval(x)", "eval", "There is no function eval."],
    [
      "x = 1\nf = x.constructor.constructor(1)()",
      "x.constructor.constructor(1)",
      "This is not part of the language",
    ],
    ["x = 1\nf = window", "window", "window has no value here."],
    ["x = zeros([100000, 100000])", "zeros([100000, 100000])", "at most 4096 elements"],
  ])("a mistake is underlined (%#)", async (source, place, message) => {
    await write(source);
    await page.waitForSelector(".cm-lintRange-error");
    const underlined = await page.evaluate(() =>
      [...document.querySelectorAll(".cm-lintRange-error")].map((part) => part.textContent).join(""),
    );
    expect(underlined).toBe(place);
    expect(await page.textContent("[role=alert]")).toContain(message);
  });

  test.each([
    `x = ${"(".repeat(100_000)}1${")".repeat(100_000)}`,
    `x = 1\nf = ${"- ".repeat(50_000)}x`,
    `x = ${"[".repeat(50_000)}1${"]".repeat(50_000)}`,
    `x = 1\nf = x${" + x".repeat(50_000)}`,
    `x = 1\nf = x${".exp()".repeat(50_000)}`,
    "x = 1\nf = x.sum({ __proto__: 1 })",
    "x = 1\nf = x.sum({ ['a']: 1 })",
    "import 'x'",
    "x = 1\nf = this",
    "x = 1\nf = `x`",
    "x = 1\nf = x?.exp()",
    "x = 1\nf = x['exp']()",
    "x = 1\nf = Math.random()",
    "x = 1\nf = Function('x')()",
    "x = 1\nf = x.toString()",
    "x = 1\nf = x.backward()",
    "x = 1\nf = new Map()",
    "x = /a/",
    "x = 1n",
    "x = [[1e400, 2]]\nf = x.expand([5000, 1, 2]).sum()",
    "",
    "\u0000",
  ])("a hostile program ends in a mistake with a place (%#)", async (source) => {
    const { ProgramError, runProgram } = await import("../../examples/playground/stepper/program.ts");
    let caught: unknown = null;
    try {
      runProgram(source);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ProgramError);
    const { place } = caught as InstanceType<typeof ProgramError>;
    expect(place.start).toBeGreaterThanOrEqual(0);
    expect(place.end).toBeGreaterThan(place.start);
  });

  test("a node is reached and chosen by keyboard", async () => {
    await write("x = 2\nf = x * x");
    const name = await page.evaluate(() => {
      const box = document.querySelector<SVGGElement>(".box[role=button]")!;
      box.focus();
      return document.activeElement === box ? box.dataset.name! : "nothing is focused";
    });
    await page.keyboard.press("Enter");
    await page.waitForSelector(`[data-story="${name}"]`);
  });

  test("a program is shared by its address", async () => {
    const source = "größe = 2 // ∂\nf = größe * größe";
    await write(source);
    await page.click("role=button[name=Share]");
    const shared = await page.evaluate(() => location.hash);
    const other = await open(context, shared);
    const text = await other.evaluate(() => document.querySelector(".cm-content")!.textContent);
    expect(text).toBe(source.replace("\n", ""));
    await other.close();
  });

  test("a step of a program of 200 operations takes less than 50 ms", async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `f${i + 1} = f${i} * x + 0.1`);
    await write(["x = 0.5", "f0 = x.sin()", ...lines].join("\n"));
    await page.click("role=tab[name=Node]");
    await page.click("h1");
    const [, count] = await isAt(page);
    expect(count).toBeGreaterThan(400);
    await page.fill("input[name=step]", "210");
    // Time of the thread itself, as others share the machine.
    const devtools = await context.newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    const busy = async (): Promise<number> => {
      const { metrics } = (await devtools.send("Performance.getMetrics")) as {
        metrics: { name: string; value: number }[];
      };
      return 1000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
    };
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const before = await busy();
      await page.keyboard.press("ArrowRight");
      await page.evaluate(
        () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))),
      );
      times.push((await busy()) - before);
    }
    // All tasks of a step together, and the median, as garbage may be collected in any of them.
    expect(times.sort((a, b) => a - b)[7]).toBeLessThan(50);
  });

  test.each(LOOKS)(
    "axe finds nothing serious, %s at %i px, and nothing is wider than the screen",
    async (...look) => {
      const page = await openIn(browser, look, open);
      for (const tab of ["Node", "Nudge", "Descend", "Order", "Export"]) {
        await page.click(`role=tab[name=${tab}]`);
        await page.fill("input[name=step]", "4");
        await expectAccessible(page, tab);
      }
      await page.context().close();
    },
  );

  test("the page opens without a network after the first visit", async () => {
    const second = await openOffline(browser, open);
    expect(await second.textContent("h1")).toBe("Backprop, step by step");
    await second.context().close();
  });

  test("the page's policy refuses code from text", async () => {
    expect(await codeFromText(page)).toBe("EvalError");
    const { problems } = visits;
    problems.splice(0, Infinity, ...problems.filter((text) => !text.includes("unsafe-eval")));
  });

  test("all that is sent is at most 250 kB", () => {
    const bytes = sizeOf("index.html");
    expect(bytes).toBeLessThanOrEqual(250_000);
    expect(bytes).toBeGreaterThan(150_000);
  });

  test("no error reached the console, and no request another host", () => {
    expect(visits.problems).toEqual([]);
    expect(visits.requestsBeyond(address)).toEqual([]);
  });
});
