/**
 * The story of a run as one web page: what the data are, what noise does to them, how the network trained, what it
 * recovers and what it invents. Self-contained (inline SVG and CSS, no scripts), for the screen, light or dark, and for paper.
 */
import {
  number as aNumber,
  type Check,
  checkKind,
  checkSettings,
  describeValue,
  fields,
  list,
  listOf,
  numbers,
  oneOf,
  optional,
  text,
  within,
} from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { requireNumbers, someOf } from "./check.ts";
import { MOST_DRAWN } from "./figures.ts";
import { escapeText, isFigure } from "./svg.ts";

/** SVG documents, as the functions of the same names return them. */
export interface ReportFigures {
  /** As of `curvesFigure`. */
  readonly curves: string;
  /** As of `noiseFigure`. */
  readonly noise: string;
  /** As of `lossFigure`. */
  readonly loss: string;
  /** As of `predictionsFigure`. */
  readonly predictions: string;
  /** As of `samplingFigure`. */
  readonly sampling: string;
}

/** Everything that a report states: it computes nothing itself. All strings are plain text, and are escaped. */
export interface ReportContents {
  /** Default: "A diffusion model of galaxy rotation curves". */
  readonly title?: string;
  /** Each in its section. */
  readonly figures: ReportFigures;
  /** The curves that the network learns from. */
  readonly data: {
    readonly galaxies: number;
    /** Of these, used for training; the others validate. */
    readonly training: number;
    /** Radii of each curve. */
    readonly radii: number;
    /** First and last radius, kpc. */
    readonly radiusRange: readonly [number, number];
  } & (StandardizedData | ComponentData);
  /** The network. */
  readonly model: AutoencoderModel | ResidualModel;
  /** How it was trained, and the losses. */
  readonly training: {
    readonly learningRate: number;
    /** The losses, as {@link lossFigure} takes them. */
    readonly epochs: ArrayLike<number>;
    readonly train: ArrayLike<number>;
    readonly valid: ArrayLike<number>;
    /** Epochs between two lines of the loss table; default 100. Of a training on batches: batches; default 500. */
    readonly tableEvery?: number;
    /** Of a training on batches: how many curves each has, and how many were done at each of the epochs. Default: all curves at once. */
    readonly batches?: { readonly size: number; readonly done: ArrayLike<number> };
  };
  /** How far the predictions are from the true curves. Default: not stated. */
  readonly predictionErrors?: readonly {
    readonly amount: number;
    /** Root mean square over curves and radii, km/s. */
    readonly noisy: number;
    readonly prediction: number;
  }[];
  /** How new curves were made. */
  readonly sampling: {
    /** Updates from noise to curve. */
    readonly steps: number;
    readonly samples: number;
    /** Default: "euler", the reference post's. */
    readonly sampler?: ReportSampler;
  };
  /** How well the samples pass for data: a section of its own. Default: none. */
  readonly evaluation?: {
    /** Samples, and as many curves that the model has not seen. */
    readonly curves: number;
    /** A p-value below this tells two sets apart. */
    readonly significance: number;
    readonly scores: readonly {
      readonly name: string;
      readonly value: string;
      /** The same score of two sets of the same distribution. */
      readonly baseline: string;
      readonly verdict: string;
      readonly definition: string;
      readonly source: string;
    }[];
  };
  /** Every setting that the run depends on: seed, backend, version … */
  readonly configuration: Readonly<Record<string, string | number | boolean>>;
  /** The command that repeats the run. */
  readonly command: string;
  /** Seconds that each stage took. Default: not stated. */
  readonly timings?: readonly { readonly stage: string; readonly seconds: number }[];
}

/** Data of which the network sees all velocities. */
export interface StandardizedData {
  /** Of all velocities of the training curves, km/s. */
  readonly mean: number;
  /** Of all velocities of the training curves, km/s. */
  readonly standardDeviation: number;
}

/** Data of which the network sees principal components of ln(velocity). */
export interface ComponentData {
  /** How many. */
  readonly components: number;
}

/** The reference post's network. */
export interface AutoencoderModel {
  /** Widths of the layers, from input to output. */
  readonly layers: readonly number[];
  /** How many there are. */
  readonly parameters: number;
}

/** A residual network that is told the amount of noise. */
export interface ResidualModel {
  /** Of its hidden layers. */
  readonly width: number;
  /** Of two layers each. */
  readonly blocks: number;
  /** Properties that it is conditioned on, as words: "disc-mass". */
  readonly conditions: readonly string[];
  /** How many there are. */
  readonly parameters: number;
}

/** The samplers that a report can describe. */
export type ReportSampler =
  | "euler"
  | "heun"
  | "midpoint"
  | "adams-bashforth"
  | "dpm-solver"
  | "runge-kutta"
  | "ddpm"
  | "churn";

/**
 * The page, as HTML text.
 *
 * @throws ArgumentError for a figure that is not an SVG document or that holds scripts, empty lists, or numbers that are NaN
 *   or ±∞; ShapeError for losses that are not one for each epoch
 */
export function report(contents: ReportContents): string {
  requireContents(contents);
  const { title = "A diffusion model of galaxy rotation curves" } = contents;
  const sections = [
    dataSection(contents),
    noiseSection(contents),
    trainingSection(contents),
    predictionsSection(contents),
    samplingSection(contents),
    ...(contents.evaluation === undefined ? [] : [evaluationSection(contents.evaluation)]),
    repeatSection(contents),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escapeText(title)}</h1>
${introduction(contents)}
</header>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

function introduction({ data, sampling }: ReportContents): string {
  return paragraphs(
    `The rotation curve of a galaxy tells how fast stars and gas circle its centre at each distance from it. Here a small
    neural network learns from ${counted(data.galaxies, "computed curve")} what such curves look like, by one exercise only: noise is
    mixed into a curve, and the network has to say what the curve was. Once it can do this, it can also start from
    <em>nothing but</em> noise and remove it in ${counted(sampling.steps, "small step")}. What is left is a rotation curve of a galaxy that
    never was. This is a diffusion model, the method behind the image generators, at a size that can be understood whole.`,
  );
}

// ---------------------------------------------------------------------------------------------------------------------
// The sections. Their text is HTML, so every string that comes from outside is escaped where it enters.

function dataSection({ data, figures }: ReportContents): string {
  const [first, last] = data.radiusRange;
  return section(
    "data",
    "The data: galaxies made of a disc and a halo",
    paragraphs(
      `Each galaxy has two parts: a thin disc of stars, whose surface density falls exponentially with radius (Freeman 1970), and
      around it a halo of dark matter with the density profile of Navarro, Frenk and White (1997). Gravity of both
      keeps a star on its circle, and the squares of the speeds add up:`,
    ) +
      equation(
        `<i>v</i>² = <i>v</i>²<sub>disc</sub> + <i>v</i>²<sub>halo</sub>`,
        `<i>v</i>²<sub>disc</sub> = 2 <i>G</i> (<i>M</i><sub>d</sub> / <i>R</i><sub>d</sub>) <i>y</i>²
        [<i>I</i><sub>0</sub>(<i>y</i>) <i>K</i><sub>0</sub>(<i>y</i>) − <i>I</i><sub>1</sub>(<i>y</i>) <i>K</i><sub>1</sub>(<i>y</i>)]`,
        `<i>y</i> = <i>R</i> / 2<i>R</i><sub>d</sub>`,
        `<i>v</i>²<sub>halo</sub> = <i>V</i>²<sub>vir</sub> (<i>R</i><sub>vir</sub> / <i>R</i>)
        <i>m</i>(<i>c</i> <i>R</i> / <i>R</i><sub>vir</sub>) / <i>m</i>(<i>c</i>)`,
        `<i>m</i>(<i>x</i>) = ln(1 + <i>x</i>) − <i>x</i> / (1 + <i>x</i>)`,
      ) +
      paragraphs(
        `Disc masses <i>M</i><sub>d</sub> are spread evenly in log <i>M</i><sub>d</sub>. The disc's scale length
        <i>R</i><sub>d</sub>, the halo's mass and its concentration <i>c</i> follow from the mass by scaling relations with a natural
        scatter, so no two galaxies are alike. Each curve is given at ${counted(data.radii, "radius", "radii")} from ${number(first)} to
        ${number(last)} kpc, in equal steps of log <i>R</i>.`,
        `${representation(data)} It learns from ${counted(data.training, "curve")}; the other
        ${data.galaxies - data.training === 1 ? "one is" : `${count(data.galaxies - data.training)} are`} kept back to check that it has not just memorised.`,
      ) +
      figureBlock(
        1,
        figures.curves,
        `${
          data.galaxies === 1
            ? "The one rotation curve"
            : data.galaxies > MOST_DRAWN
              ? `${count(MOST_DRAWN)} of the ${count(data.galaxies)} rotation curves`
              : `All ${count(data.galaxies)} rotation curves`
        }. Heavy galaxies rotate faster; where the disc is compact, the curve
        has a peak inside the flat part that the halo holds up.`,
      ),
  );
}

function representation(data: ReportContents["data"]): string {
  if ("mean" in data) {
    return `The network sees velocities with the mean of the training curves (${number(data.mean)} km/s) subtracted, and divided by their
        standard deviation (${number(data.standardDeviation)} km/s).`;
  }
  if (data.components === 1) {
    return `The network sees one number of each curve: the first principal component of the logarithm of its velocities, which is the
        direction in which the training curves differ most, divided by its standard deviation. Any such number makes a curve again,
        with velocities above zero.`;
  }
  return `The network sees ${count(data.components)} numbers of each curve: the principal components of the logarithm of its
        velocities, which are the directions in which the training curves differ most, each divided by its standard deviation. Any
        such numbers make a curve again, with velocities above zero.`;
}

function noiseSection({ figures, data }: ReportContents): string {
  const isStandardized = "mean" in data;
  return section(
    "noise",
    "The noise: forgetting a curve step by step",
    paragraphs(
      `A curve <i>x</i> (in the network's units) is mixed with noise ε, which is drawn anew for each ${isStandardized ? "radius" : "component"} from the normal distribution:`,
    ) +
      equation(
        `<i>x</i><sub><i>a</i></sub> = (1 − <i>a</i>) <i>x</i> + <i>a</i> ε`,
        `ε ~ N(0, 1), 0 ≤ <i>a</i> ≤ 1`,
      ) +
      paragraphs(
        `At <i>a</i> = 0 the curve is untouched, at <i>a</i> = 1 it is forgotten. In between, less and less can be told: first
        the details are lost, then the shape, and at the end whether the galaxy was heavy or light.`,
      ) +
      figureBlock(
        2,
        figures.noise,
        `One curve (line) and the same with growing amounts of noise (points). ${
          isStandardized
            ? "Velocities below zero are possible here: noise knows no physics."
            : "Even pure noise is a curve without jumps here, with velocities above zero: it is noise in the components, from which the curve is made."
        }`,
      ),
  );
}

function trainingSection(contents: ReportContents): string {
  const { model, training, figures, data } = contents;
  const { epochs, train, valid, batches, tableEvery = batches === undefined ? 100 : 500 } = training;
  const done = batches === undefined ? epochs : batches.done;
  const last = epochs.length - 1;
  const rows: string[][] = [];
  for (let i = 0; i <= last; i++) {
    if (done[i] % tableEvery === 0 || i === last) {
      rows.push([count(done[i]), train[i].toFixed(4), valid[i].toFixed(4)]);
    }
  }
  const [unit, units] = batches === undefined ? ["Epoch", "epochs"] : ["Batch", "batches"];
  const rate = number(training.learningRate);
  return section(
    "training",
    "The training: learning to see through the noise",
    paragraphs(
      describeNetwork(model),
      batches === undefined
        ? `In ${epochs.length === 1 ? "the only epoch" : `each of ${count(epochs.length)} epochs`} every one of the ${counted(data.training, "training curve")} gets its own random amount of noise
      and fresh noise, so the network never sees the same input twice. The loss is the mean squared
      difference between its answer and the clean curve; the Adam optimiser (Kingma and Ba 2015) follows the
      gradient of the loss with a learning rate of ${rate}.`
        : `It trains on ${counted(done[last], "batch", "batches")} of ${counted(batches.size, "curve")}, drawn at random from the ${counted(data.training, "training curve")}. Each curve of a batch gets its own amount of noise and fresh noise, so the network never sees the same input twice. The loss
      is the mean squared error of the flow; the AdamW optimiser (Loshchilov and Hutter 2019) follows its gradient with a
      learning rate that falls from ${rate} to zero along half a cosine. What is kept is a running average of the weights.`,
      `How a gradient comes about can be watched, one contribution at a time, and the training too: <code>npm run playground</code>
      in a checkout of halograd opens the pages.`,
    ) +
      figureBlock(
        3,
        figures.loss,
        batches === undefined
          ? `Loss against epoch, in units of the data's variance: 1 means no better than guessing the mean. The training loss cannot
        reach zero, since strong noise leaves nothing to recover; the validation loss is measured on clean curves, and is lower for that reason.`
          : `Loss against epoch, which is a pass over the training curves. It cannot reach zero: strong noise hides the curve, and weak
        noise is hidden by it. The validation loss is measured on noisy curves that are kept back, with the averaged weights.`,
      ) +
      table(
        `Losses every ${tableEvery === 1 ? unit.toLowerCase() : `${count(tableEvery)} ${units}`}`,
        [unit, "Training loss", "Validation loss"],
        rows,
      ),
  );
}

function describeNetwork(model: ReportContents["model"]): string {
  if ("layers" in model) {
    return `The network is a denoising autoencoder: layers of ${model.layers.map(count).join(" → ")} numbers, with
      ${counted(model.parameters, "parameter")} in all. The narrow middle forces it to describe a curve in few numbers; two shortcuts
      hand details of the input around the middle. It is not told how much noise there is.`;
  }
  const { width, blocks, conditions, parameters } = model;
  const named = conditions.map((name) => escapeText(name.replaceAll("-", " "))).join(", ");
  return `The network is a residual network of ${counted(blocks, "block")}, with ${counted(parameters, "parameter")} in all. Each block has two
      layers of ${counted(width, "number")}, and adds to what passes through it. The network is told how much noise there is. Its answer is the
      flow ε − <i>x</i>, the direction from curve to noise, from which the curve follows. ${
        conditions.length === 0
          ? ""
          : `It is also conditioned on properties of the galaxy (${named}), some or all of which are withheld at random in training, so
      that it can do without: the samples below ask for none.`
      }`;
}

function predictionsSection({ predictionErrors, figures, model }: ReportContents): string {
  const errors = predictionErrors?.map((e) => [
    number(e.amount),
    e.noisy.toFixed(1),
    e.prediction.toFixed(1),
  ]);
  return section(
    "predictions",
    "The predictions: what the network recovers",
    paragraphs(
      `Now the trained network is shown noisy curves${"layers" in model ? "" : ", and told how much noise they have"}. With little noise it follows the data. With much noise it falls back on what
      most galaxies look like: where the evidence ends, the best answer in the mean square is the average of
      all curves that could have been meant.`,
    ) +
      figureBlock(
        4,
        figures.predictions,
        `The true curve (dashed), the noisy input (points) and the prediction (thick line) for growing amounts of noise.`,
      ) +
      (errors === undefined
        ? ""
        : table(
            "Distance from the true curve, root mean square",
            ["Noise a", "Noisy input [km/s]", "Prediction [km/s]"],
            errors,
          )),
  );
}

function samplingSection(contents: ReportContents): string {
  const { sampling, figures } = contents;
  const { sampler = "euler" } = sampling;
  const state =
    sampler === "churn" ? "the state that the network sees in the step" : "the state before the step";
  return section(
    "sampling",
    "The sampling: new curves out of noise",
    (sampler === "euler" ? eulerSteps(contents) : otherSteps(contents, sampler)) +
      figureBlock(
        5,
        figures.sampling,
        `${counted(sampling.samples, "sample")} on ${sampling.samples === 1 ? "its" : "their"} way from noise to curve. Points: ${state}. Line: the curve that the network
        predicts from it. Dashed: the final curve.`,
      ),
  );
}

/** The network's guess, as equations write it. */
function guess({ model }: ReportContents): string {
  return "layers" in model ? "net(<i>x</i>)" : "net(<i>x</i>, <i>a</i>)";
}

function eulerSteps(contents: ReportContents): string {
  const { steps } = contents.sampling;
  return (
    paragraphs(
      `To invent a curve, start from pure noise <i>x</i>. Ask the network which curve it sees in it, and move a small part
      of the way there. The answer becomes easier to give with each step, so the parts grow, and the last step goes all the way:`,
    ) +
    equation(
      `<i>x</i> ← (1 − <i>m</i><sub><i>i</i></sub>) <i>x</i> + <i>m</i><sub><i>i</i></sub> ${guess(contents)}`,
      `<i>m</i><sub><i>i</i></sub> = 1 / (${count(steps)} − <i>i</i>), <i>i</i> = 0${steps === 1 ? "" : `, …, ${count(steps - 1)}`}`,
    ) +
    paragraphs(
      `This walks down the line of noise amounts on which the network was trained: before step <i>i</i> the share of noise is
        1 − <i>i</i>/${count(steps)}.`,
    )
  );
}

function otherSteps(contents: ReportContents, sampler: keyof typeof METHODS): string {
  const { steps: taken } = contents.sampling;
  const steps = taken === 1 ? "one step of <i>a</i>" : `${count(taken)} equal steps of <i>a</i>`;
  return (
    paragraphs(
      `To invent a curve, start from pure noise <i>x</i>, where <i>a</i> = 1, and ask the network which curve it sees in it. The answer says
      in which direction the curve lies:`,
    ) +
    equation(`d<i>x</i>/d<i>a</i> = (<i>x</i> − ${guess(contents)}) / <i>a</i>`) +
    paragraphs(
      `Were the answers the best possible ones, this flow would turn noise into curves with exactly the distribution of the data at
      <i>a</i> = 0 (Song and others 2021). ${
        sampler === "ddpm" ? `Here noise goes at random instead, in ${steps}.` : `It is followed in ${steps}.`
      } ${METHODS[sampler]}`,
    )
  );
}

/** How each sampler follows the flow. */
const METHODS: Readonly<Record<Exclude<ReportSampler, "euler">, string>> = {
  heun: `Each step is one of Heun's method: a first step along the direction, then the same step along the mean of the directions at
    its two ends. The last step, at whose end no direction is defined, takes that in its middle.`,
  midpoint: `Each step takes the direction in its middle, which a first half step finds.`,
  "adams-bashforth": `Each step is one of the method of Adams and Bashforth: it extrapolates the direction to its middle from this step's and
    the last one's.`,
  "dpm-solver": `Each step is one of DPM-Solver++(2M) (Lu and others 2022): all but the network's answer is integrated exactly, and the
    answer is extrapolated from this step's and the last one's.`,
  "runge-kutta": `Each step is one of the classical method of Runge and Kutta: it looks at the direction four times. The last step, at whose
    end no direction is defined, looks three times.`,
  ddpm: `As in the diffusion models of Ho, Jain and Abbeel (2020), each next state is drawn from those that could have led to this one if the
    answer were right. Part of the noise is replaced by new noise, so that errors of early steps fade.`,
  churn: `Each step is one of Heun's method with churn (Karras and others 2022): some noise is added first, which the step takes away together
    with errors made so far.`,
};

function evaluationSection({
  curves,
  significance,
  scores,
}: NonNullable<ReportContents["evaluation"]>): string {
  return section(
    "evaluation",
    "The evaluation: how well the samples pass for data",
    paragraphs(
      `A picture can flatter. So ${counted(curves, "sample")} ${curves === 1 ? "is" : "are"} compared with as many curves of galaxies that the network has never seen,
      by scores that others have defined. Each stands beside its baseline, the same score of two such sets of real curves.
      Whether a difference could be chance is decided by mixing the two sets at random many times: samples are told apart
      when fewer than ${number(100 * significance)} of 100 mixtures score as badly.`,
    ) +
      table(
        "Scores of the samples",
        ["Score", "Samples", "Baseline", "Verdict"],
        scores.map(({ name, value, baseline, verdict }) => [name, value, baseline, verdict]),
        "words",
      ) +
      table(
        "What the scores are",
        ["Score", "Definition", "Source"],
        scores.map(({ name, definition, source }) => [name, definition, source]),
        "words",
      ),
  );
}

function repeatSection({ configuration, command, timings }: ReportContents): string {
  const settings = Object.entries(configuration).map(([name, value]) => [name, String(value)]);
  const total = timings?.reduce((sum, { seconds }) => sum + seconds, 0) ?? 0;
  return section(
    "repeat",
    "How to repeat this",
    paragraphs(
      `With the settings below, the same command gives the same numbers to the last bit, on any machine: the engine brings its own
      elementary functions and random numbers, and adds in a fixed order.`,
    ) +
      `<pre><code>${escapeText(command)}</code></pre>` +
      table("Settings of this run", ["Setting", "Value"], settings, "words") +
      (timings === undefined
        ? ""
        : table(
            "Time taken (this alone differs from run to run)",
            ["Stage", "Seconds"],
            [
              ...timings.map(({ stage, seconds }) => [stage, seconds.toFixed(2)]),
              ["Together", total.toFixed(2)],
            ],
          )),
  );
}

// ---------------------------------------------------------------------------------------------------------------------
// HTML

/** `html` is trusted: the caller has escaped what came from outside. */
function section(id: string, heading: string, html: string): string {
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${heading}</h2>\n${html}\n</section>`;
}

function paragraphs(...html: string[]): string {
  return html.map((text) => `<p>${text.replace(/\s+/g, " ").trim()}</p>\n`).join("");
}

function equation(...lines: string[]): string {
  return `<div class="equation">${lines.map((line) => `<div>${line.replace(/\s+/g, " ")}</div>`).join("")}</div>\n`;
}

function figureBlock(index: number, svg: string, caption: string): string {
  const wide = Number(/ width="(\d+)"/.exec(svg)?.[1]) > 800 ? " wide" : "";
  return `<figure>\n<div class="drawing${wide}" role="group" aria-label="Figure ${index}" tabindex="0">${svg}</div>
<figcaption><b>Figure ${index}.</b> ${caption.replace(/\s+/g, " ")}</figcaption>\n</figure>\n`;
}

/** Cells are plain text. The first column is the row's header. */
function table(
  caption: string,
  header: readonly string[],
  rows: readonly string[][],
  kind: "numbers" | "words" = "numbers",
): string {
  const head = header.map((cell) => `<th scope="col">${escapeText(cell)}</th>`).join("");
  const body = rows.map(
    ([first, ...others]) =>
      `<tr><th scope="row">${escapeText(first)}</th>${others.map((cell) => `<td>${escapeText(cell)}</td>`).join("")}</tr>`,
  );
  return `<table class="${kind}">\n<caption>${escapeText(caption)}</caption>
<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody>\n</table>\n`;
}

/** Whole numbers with thin spaces between thousands. */
function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, value >= 10000 ? "\u202F" : "");
}

/** "1 curve", "2 curves". */
function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 4 significant digits. */
function number(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** A kind for each way in which a part is told. */
const either =
  (field: string, one: Check, other: Check): Check =>
  (where, name, value) => {
    checkKind(where, name, value, "object");
    (field in (value as object) ? one : other)(where, name, value);
  };
const setting: Check = (where, name, value) => {
  if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return;
  throw new ArgumentError(
    where,
    `${name} is ${describeValue(value)}`,
    "settings are text, numbers, true or false.",
  );
};
const configuration: Check = (where, name, value) => {
  checkKind(where, name, value, "object");
  for (const [key, one] of Object.entries(value as object)) setting(where, `${name}.${key}`, one);
};
const aFigure: Check = (where, name, value) => {
  if (isFigure(value as string)) return;
  throw new ArgumentError(
    where,
    `${name} is not a figure of this library: it must be one SVG document of the elements and attributes that figures have`,
    `pass what ${name.replace("figures.", "")}Figure(…) returns.`,
  );
};
const twoNumbers: Check = (where, name, value) => {
  numbers(where, name, value);
  if ((value as ArrayLike<number>).length === 2) return;
  throw new ShapeError(
    where,
    `${name} has ${(value as ArrayLike<number>).length} values`,
    "pass the first and the last.",
  );
};
const told = { galaxies: aNumber, training: aNumber, radii: aNumber, radiusRange: twoNumbers };
const CONTENTS = /* @__PURE__ */ (() => ({
  // To a bundler a spread may have effects, and keeps what nobody uses.
  title: optional(text),
  figures: fields({
    curves: aFigure,
    noise: aFigure,
    loss: aFigure,
    predictions: aFigure,
    sampling: aFigure,
  }),
  data: either(
    "mean",
    fields({ ...told, mean: aNumber, standardDeviation: aNumber }),
    fields({ ...told, components: aNumber }),
  ),
  model: either(
    "layers",
    fields({ layers: someOf(aNumber), parameters: aNumber }),
    fields({ width: aNumber, blocks: aNumber, conditions: listOf(text), parameters: aNumber }),
  ),
  training: fields({
    learningRate: aNumber,
    epochs: list,
    train: list,
    valid: list,
    tableEvery: optional(within({ above: 0 })),
    batches: optional(fields({ size: aNumber, done: list })),
  }),
  predictionErrors: optional(listOf(fields({ amount: aNumber, noisy: aNumber, prediction: aNumber }))),
  sampling: fields({
    steps: aNumber,
    samples: aNumber,
    sampler: optional(oneOf(["euler", ...Object.keys(METHODS)])),
  }),
  evaluation: optional(
    fields({
      curves: aNumber,
      significance: aNumber,
      scores: someOf(
        fields({ name: text, value: text, baseline: text, verdict: text, definition: text, source: text }),
      ),
    }),
  ),
  configuration,
  command: text,
  timings: optional(listOf(fields({ stage: text, seconds: aNumber }))),
}))();

/** @throws ArgumentError and ShapeError as {@link report} */
function requireContents(contents: ReportContents): void {
  checkSettings("report", contents, CONTENTS);
  const { epochs, train, valid, batches } = contents.training;
  const like = { name: "training.epochs", length: epochs.length };
  requireNumbers("report", like.name, epochs);
  requireNumbers("report", "training.train", train, like);
  requireNumbers("report", "training.valid", valid, like);
  if (batches !== undefined) requireNumbers("report", "training.batches.done", batches.done, like);
}

/**
 * Figures keep their white ground in the dark scheme: they are prints. On a telephone those of one panel shrink to the screen, with their
 * colour bar; those of several scroll, their legend in the part that is seen first: it ends within 700 of 1000 pixels, 360 of the 390.
 */
const STYLE = `
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #595959; --line: #d0d0d0; --ground: #ffffff; --shade: #f4f4f4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --soft: #a8a8a8; --line: #444444; --ground: #16181c; --shade: #22252b; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
p, h1, h2, pre, table, .equation, figcaption { max-width: 44rem; margin-left: auto; margin-right: auto; }
h1 { font-size: 2rem; line-height: 1.2; margin-top: 1rem; text-wrap: balance; }
h2 { font-size: 1.4rem; line-height: 1.3; margin-top: 3rem; }
.equation { overflow-x: auto; padding: 0 1rem; font-family: Cambria, Georgia, "Times New Roman", serif; font-size: 1.15rem; }
.equation div { margin: .35rem 0; white-space: nowrap; }
sub { font-size: .72em; line-height: 0; vertical-align: -.28em; }
figure { margin: 2rem 0; }
.drawing { background: #ffffff; overflow-x: auto; text-align: center; border-radius: 4px; }
.drawing svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
.wide svg { min-width: 32rem; }
figcaption { margin-top: .6rem; color: var(--soft); font-size: .95rem; line-height: 1.45; }
table { border-collapse: collapse; margin-top: 1.5rem; margin-bottom: 1.5rem; font-size: .95rem; line-height: 1.35;
  font-variant-numeric: tabular-nums; border-bottom: 2px solid var(--ink); }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .25rem .9rem; text-align: right; vertical-align: top; }
thead th { border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); }
tbody th { font-weight: normal; }
tbody tr:nth-child(even) { background: var(--shade); }
.words th, .words td, .numbers tbody th:first-child, .numbers thead th:first-child { text-align: left; }
.words td { overflow-wrap: anywhere; }
pre { background: var(--shade); padding: .8rem 1rem; border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .95rem; }
@media (max-width: 30rem) {
  th, td { padding: .25rem .35rem; }
  table { font-size: .85rem; }
  .drawing { margin: 0 -1.25rem; border-radius: 0; }
}
@media print {
  :root { --ink: #000000; --soft: #333333; --line: #999999; --ground: #ffffff; --shade: #f4f4f4; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .wide svg { min-width: 0; }
  figure, table, pre, .equation { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`;
