import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../src/basics/errors.ts";
import { type ReportContents, report } from "../../src/plot/index.ts";
import { parseSvg } from "./parse-svg.ts";
import { epochs, sampleFigures, train, valid } from "./sample-figures.ts";

const figures = sampleFigures();
const contents: ReportContents = {
  figures,
  data: {
    galaxies: 1000,
    training: 800,
    radii: 50,
    radiusRange: [0.1, 50],
    mean: 141.37,
    standardDeviation: 130.52,
  },
  model: { layers: [50, 32, 16, 4, 16, 32, 50], parameters: 4538 },
  training: { learningRate: 0.01, epochs, train, valid },
  predictionErrors: [{ amount: 0.5, noisy: 65.2, prediction: 10.04 }],
  sampling: { steps: 31, samples: 5 },
  evaluation: {
    curves: 1000,
    significance: 0.01,
    scores: [
      {
        name: "Energy <distance>",
        value: "0.03 & less",
        baseline: "0.02",
        verdict: "told apart",
        definition: "'small' is \"good\"",
        source: "Székely & Rizzo",
      },
    ],
  },
  configuration: { seed: 7, backend: "<wasm>" },
  command: "halograd run --seed 7 && echo <done>",
  timings: [
    { stage: "train", seconds: 9.8 },
    { stage: "sample", seconds: 0.25 },
  ],
};
const page = report(contents);
/** The page without its void elements and doctype is XML. */
const elements = parseSvg(
  page
    .replace(/^<!doctype html>\n/, "")
    .replace(/<meta [^>]*>/g, "")
    .trim(),
);
const all = (name: string): string[] => elements.filter((e) => e.name === name).map((e) => e.text);

describe("The report", () => {
  test("is a well-formed page with one heading for each part of the story", () => {
    expect(all("h1")).toHaveLength(1);
    expect(all("h2").map((heading) => heading.split(":")[0])).toEqual([
      "The data",
      "The noise",
      "The training",
      "The predictions",
      "The sampling",
      "The evaluation",
      "How to repeat this",
    ]);
    const ids = elements.map(({ attributes }) => attributes.id).filter((id) => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("holds all figures, each with a caption, and needs nothing from elsewhere", () => {
    for (const svg of Object.values(figures)) expect(page.includes(svg)).toBe(true);
    expect(all("figcaption").map((caption) => caption.slice(0, 9))).toEqual(
      [1, 2, 3, 4, 5].map((i) => `Figure ${i}.`),
    );
    expect(page.match(/<script|<link|<img|href=|src=|url\(|@import/)?.[0]).toBe(undefined);
    expect(page.match(/NaN|undefined|Infinity|\[object/)?.[0]).toBe(undefined);
  });

  test("says one of what there is one of", () => {
    const one = { size: 1, done: [1] };
    const losses = { learningRate: 0.01, epochs: [1], train: [1], valid: [1] };
    const data = { galaxies: 5, training: 4, radii: 1, radiusRange: [1, 1], components: 1 } as const;
    const model = { width: 1, blocks: 1, conditions: [], parameters: 1 };
    const pages = [
      { data, model, training: { ...losses, batches: one, tableEvery: 1 }, sampler: "heun" },
      { training: losses, sampler: "euler" },
    ].map(({ sampler, ...rest }) =>
      report({ ...contents, ...rest, sampling: { steps: 1, samples: 1, sampler } } as ReportContents),
    );
    for (const text of pages.map((html) => html.replace(/<svg.*?<\/svg>/gs, "").replace(/<[^>]*>/g, ""))) {
      expect(
        text.match(
          /(?<![\d.,/] ?)\b1 (?!galaxy)[a-z ]*(steps|batches|samples|curves|radii|blocks|parameters|epochs|are)\b.{20}/,
        )?.[0],
      ).toBe(undefined);
      expect(text).toContain("1 sample on its way");
    }
    for (const words of [
      "1 batch of 1 curve,",
      "1 block, with 1 parameter in",
      "the other one is kept",
      "one step of",
    ])
      expect(pages[0].replace(/<[^>]*>/g, "").replace(/\s+/g, " ")).toContain(words);
    expect(pages[1]).toContain("In the only epoch");
  });

  test("wraps the command, and shrinks a figure of one panel to a narrow screen", () => {
    expect(page).toMatch(/pre \{[^}]*white-space: pre-wrap/);
    const classes = [...page.matchAll(/class="drawing([^"]*)"/g)].map(([, more]) => more);
    expect(classes).toEqual(["", " wide", "", " wide", " wide"]);
    expect(page).toContain(".wide svg { min-width: 32rem; }");
    expect(page.match(/\.drawing svg \{[^}]*min-width/)).toBe(null);
  });

  test("tables the losses of every hundredth epoch and of the last", () => {
    const rows = (text: string): string[] => text.split("\n").filter((line) => line.startsWith("<tr>"));
    const table = (html: string): string[] =>
      rows(html.slice(html.indexOf("Losses every"), html.indexOf('id="predictions"')));
    expect(table(page)).toHaveLength(21);
    const cut = (list: number[]): number[] => list.slice(0, 251);
    const shorter = { ...contents.training, epochs: cut(epochs), train: cut(train), valid: cut(valid) };
    const last = table(report({ ...contents, training: shorter })).at(-1);
    expect(last).toBe(
      `<tr><th scope="row">250</th><td>${train[250].toFixed(4)}</td><td>${valid[250].toFixed(4)}</td></tr>`,
    );
  });

  test("states the numbers that it is given", () => {
    const text = page.replace(/\s+/g, " ");
    for (const fact of [
      "learns from 1000 computed curves what",
      "Points: the state before the step.",
      "50 → 32 → 16 → 4 → 16 → 32 → 50",
      "4538 parameters",
      "(141.4 km/s)",
      "2001 epochs",
      "other 200",
    ]) {
      expect(text.includes(fact), fact).toBe(true);
    }
    expect(all("td")).toEqual(expect.arrayContaining(["65.2", "10.0", "9.80", "10.05", "7"]));
  });

  test("has its headings, captions and heads of tables", () => {
    const heads = ["h1", "h2", "caption", "figcaption", "th"].map((name) =>
      [...new Set(all(name))].slice(0, 12).join(" | "),
    );
    expect(`\n${heads.join("\n")}\n`).toMatchInlineSnapshot(`
      "
      A diffusion model of galaxy rotation curves
      The data: galaxies made of a disc and a halo | The noise: forgetting a curve step by step | The training: learning to see through the noise | The predictions: what the network recovers | The sampling: new curves out of noise | The evaluation: how well the samples pass for data | How to repeat this
      Losses every 100 epochs | Distance from the true curve, root mean square | Scores of the samples | What the scores are | Settings of this run | Time taken (this alone differs from run to run)
      Figure 1. All 1000 rotation curves. Heavy galaxies rotate faster; where the disc is compact, the curve has a peak inside the flat part that the halo holds up. | Figure 2. One curve (line) and the same with growing amounts of noise (points). Velocities below zero are possible here: noise knows no physics. | Figure 3. Loss against epoch, in units of the data's variance: 1 means no better than guessing the mean. The training loss cannot reach zero, since strong noise leaves nothing to recover; the validation loss is measured on clean curves, and is lower for that reason. | Figure 4. The true curve (dashed), the noisy input (points) and the prediction (thick line) for growing amounts of noise. | Figure 5. 5 samples on their way from noise to curve. Points: the state before the step. Line: the curve that the network predicts from it. Dashed: the final curve.
      Epoch | Training loss | Validation loss | 0 | 100 | 200 | 300 | 400 | 500 | 600 | 700 | 800
      "
    `);
    // A word that were left out would leave two marks or blanks side by side, or a sentence without its end.
    for (const text of all("p").slice(0, -1)) {
      expect(text).toMatch(/^\S.*[.:!?)]$/s);
      expect(text).not.toMatch(/ [.,:;)]|\( | {2}/);
    }
  });

  test("escapes every string from outside", () => {
    expect(page.match(/<wasm>|<done>|<distance>/)?.[0]).toBe(undefined);
    expect(all("code")).toContain(contents.command);
    expect(all("td")).toEqual(expect.arrayContaining(["<wasm>", "0.03 & less", "'small' is \"good\""]));
    expect(report({ ...contents, title: "<b>" })).toContain("<title>&lt;b&gt;</title>");
  });

  const { data, training } = contents;
  const { mean, standardDeviation, ...curves } = data as typeof data & {
    mean: number;
    standardDeviation: number;
  };
  const residual: ReportContents = {
    ...contents,
    data: { ...curves, components: 10 },
    model: { width: 128, blocks: 3, conditions: ["disc-mass", "<b>"], parameters: 114634 },
    training: { ...training, batches: { size: 256, done: epochs.map((epoch) => 20 * epoch) } },
    sampling: { steps: 31, samples: 5, sampler: "heun" },
  };

  test("tells of a residual network what is true of it", () => {
    const text = report(residual).replace(/\s+/g, " ");
    for (const fact of [
      "10 numbers of each curve",
      "anew for each component",
      "velocities above zero",
      "3 blocks",
      "(disc mass, &lt;b&gt;)",
      "40 000 batches of 256 curves",
      "AdamW",
      "Losses every 500 batches",
      "net(<i>x</i>, <i>a</i>)",
      "told how much noise they have",
    ])
      expect(text.includes(fact), fact).toBe(true);
    for (const untrue of ["autoencoder", "below zero", "Kingma", "clean curves", "not told"])
      expect(text.includes(untrue), untrue).toBe(false);
    const without = report({
      ...residual,
      model: { ...residual.model, conditions: [] } as ReportContents["model"],
    });
    expect(without).not.toContain("conditioned");
  });

  test.each([
    ["euler", "net(<i>x</i>)"],
    ["heun", "Heun's method"],
    ["midpoint", "direction in its middle"],
    ["adams-bashforth", "Adams and Bashforth"],
    ["dpm-solver", "DPM-Solver++(2M)"],
    ["runge-kutta", "Runge and Kutta"],
    ["ddpm", "Ho, Jain and Abbeel"],
    ["churn", "with churn"],
  ] as const)("describes the sampler %s, and no other", (sampler, words) => {
    const text = (name: typeof sampler) =>
      report({ ...contents, sampling: { steps: 31, samples: 5, sampler: name } });
    expect(text(sampler)).toContain(words);
    expect(text("euler").includes("d<i>x</i>/d<i>a</i>")).toBe(false);
    const state =
      sampler === "churn" ? "the state that the network sees in the step" : "the state before the step";
    expect(text(sampler)).toContain(`Points: ${state}.`);
    if (sampler !== "euler") expect(text("euler")).not.toContain(words);
  });

  test("leaves out what is not given", () => {
    const { predictionErrors, evaluation, timings, ...rest } = contents;
    const shorter = report(rest);
    for (const words of ["Distance from the true curve", "how well the samples pass", "Time taken"]) {
      expect(page.includes(words)).toBe(true);
      expect(shorter.includes(words)).toBe(false);
    }
  });

  const withFigure = (svg: string): ReportContents => ({ ...contents, figures: { ...figures, loss: svg } });
  test.each([
    ["a figure that is no SVG", withFigure("<p>loss</p>"), ArgumentError, "figures.loss"],
    ...[
      "<image/onerror=alert(1) />",
      '<g fill="a"onclick="alert(1)"/>',
      '<g fill=">" onclick="alert(1)"/>',
      '<a href="javascript:alert(1)"><text>x</text></a>',
      "<embed/>",
      "<object/>",
      '<meta http-equiv="refresh"/>',
      '<set attributeName="x"/>',
      "<style>*{}</style>",
      '<rect fill="url(https://example.org)"/>',
      '<rect fill="&#117;rl(x)"/>',
      "<!-- -->",
      "<![CDATA[x]]>",
      "<RECT/>",
      "<svg/>",
      "</svg><p>x</p><svg>",
      "<g>",
    ].map((part) => [
      `a figure with ${part}`,
      withFigure(figures.loss.replace("</svg>", `${part}</svg>`)),
      ArgumentError,
      "figures.loss",
    ]),
    [
      "an evaluation of no number of curves",
      {
        ...contents,
        evaluation: { curves: "<img src=x onerror=alert(1)>", significance: 0.01, scores: [] } as never,
      },
      ArgumentError,
      "evaluation",
    ],
    [
      "a figure with a script",
      withFigure(figures.loss.replace("</svg>", "<script/></svg>")),
      ArgumentError,
      "figures.loss",
    ],
    [
      "a figure with a handler",
      withFigure(figures.loss.replace("<rect ", '<rect onclick="x" ')),
      ArgumentError,
      "figures.loss",
    ],
    [
      "losses of other epochs",
      { ...contents, training: { ...contents.training, train: [1] } },
      ShapeError,
      "training.train",
    ],
    ["NaN", { ...contents, data: { ...contents.data, mean: Number.NaN } }, ArgumentError, "data"],
    [
      "a network without layers",
      { ...contents, model: { layers: [], parameters: 1 } },
      ArgumentError,
      "model.layers",
    ],
    [
      "batches of other epochs",
      { ...residual, training: { ...training, batches: { size: 256, done: [1] } } },
      ShapeError,
      "training.batches.done",
    ],
    [
      "a sampler that nobody knows",
      { ...contents, sampling: { steps: 1, samples: 1, sampler: "toString" as never } },
      ArgumentError,
      "sampling.sampler",
    ],
    [
      "time that is NaN",
      { ...contents, timings: [{ stage: "x", seconds: Number.NaN }] },
      ArgumentError,
      "timings[0]",
    ],
  ] as [string, ReportContents, typeof ArgumentError, string][])("refuses %s", (_, bad, kind, message) => {
    expect(() => report(bad)).toThrow(kind);
    expect(() => report(bad)).toThrow(message);
  });
});
