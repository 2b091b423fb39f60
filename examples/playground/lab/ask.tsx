/** Asks the model for galaxies: conditions that it was trained with, and wishes that it was not. */

import type { Condition, ModelCondition } from "halograd/curves";
import { formatCsv } from "halograd/io";
import { okabeIto } from "halograd/plot";
import { useState } from "preact/hooks";
import { NumberField, Slider, Switch } from "../site/controls.tsx";
import { Chart, type ChartSpec, figureOf, radiusAxis, velocityAxis } from "./chart.tsx";
import { Keep } from "./files.tsx";
import type { SamplingSettings } from "./protocol.ts";
import type { PartProps } from "./sample.tsx";
import { useTask } from "./use-task.ts";

/** What is asked for; a switch for each, so that it can be left open. */
interface Asked {
  readonly values: Readonly<Record<string, number>>;
  readonly isAsked: Readonly<Record<string, boolean>>;
}

export function Ask({ client, model, version }: PartProps) {
  const [asked, setAsked] = useState<Asked>({ values: { flat: 10, peak: 3 }, isAsked: {} });
  const [guidance, setGuidance] = useState(1);
  const [count, setCount] = useState(20);
  const [seed, setSeed] = useState(0);
  const chosenValue = (name: string, standard: number): number => asked.values[name] ?? standard;
  const conditions = model?.conditions ?? [];
  const condition: Condition = Object.fromEntries(
    conditions
      .filter(({ name }) => asked.isAsked[name])
      .map((own) => [own.name, shownOf(own, chosenValue(own.name, own.mean))]),
  );
  const isConditioned = Object.keys(condition).length > 0;
  const isGuided = model?.network === "residual";
  const settings: SamplingSettings = {
    sampler: isGuided ? "heun" : "euler",
    steps: 31,
    seed,
    count,
    ...(isConditioned && { condition, guidance }),
    ...(isGuided && asked.isAsked.flat && { flat: asked.values.flat }),
    ...(isGuided && asked.isAsked.peak && { peak: asked.values.peak }),
  };
  const { result, of, error, isRunning } = useTask(
    client,
    "sample",
    model === null ? null : settings,
    version,
  );
  const chart: ChartSpec | null =
    model === null || result === null || result.length === 0
      ? null
      : {
          title: `Rotation curves of ${result.length} galaxies as asked for`,
          description: `At ${model.radii[49].toFixed(0)} kpc they have ${Math.round(median(result.map((curve) => curve[49])))} km/s in the median.`,
          x: radiusAxis(model.radii),
          y: velocityAxis([[300], ...result]),
          marks: result.map((y) => ({ kind: "line", x: model.radii, y, color: okabeIto.blue, opacity: 0.7 })),
        };
  const ask = (name: string, change: { readonly value?: number; readonly is?: boolean }): void =>
    setAsked({
      values: change.value === undefined ? asked.values : { ...asked.values, [name]: change.value },
      isAsked: { ...asked.isAsked, [name]: change.is ?? asked.isAsked[name] ?? false },
    });
  /** A switch and a slider. */
  const row = (
    name: string,
    label: string,
    text: string,
    slider: { value: number; min: number; max: number; step: number },
  ) => (
    <div class="asked" key={name}>
      <Switch
        label={label}
        name={`ask-${name}`}
        checked={asked.isAsked[name] ?? false}
        onChange={(is) => ask(name, { is })}
      />
      <Slider
        {...slider}
        label={label}
        name={name}
        text={text}
        disabled={!asked.isAsked[name]}
        onChange={(value) => ask(name, { value })}
      />
    </div>
  );
  return (
    <div class="columns">
      <div class="panel settings">
        <h2>Galaxies of</h2>
        {conditions.length === 0 && (
          <p>
            This model was trained without conditions. Train a residual network with some, or take the one
            that comes with the page.
          </p>
        )}
        {conditions.map((own) => {
          const value = chosenValue(own.name, own.mean);
          const step = (own.greatest - own.least) / 100;
          return row(own.name, own.name, textOf(own, value), {
            value,
            min: own.least,
            max: own.greatest,
            step,
          });
        })}
        {conditions.length > 0 && (
          <Slider
            label="Guidance weight"
            name="guidance"
            value={guidance}
            min={0}
            max={4}
            step={0.25}
            disabled={!isConditioned}
            onChange={setGuidance}
          />
        )}
        <h2>Wishes</h2>
        {isGuided ? (
          <>
            {row("flat", "flat beyond", `${asked.values.flat} kpc`, {
              value: asked.values.flat,
              min: 1,
              max: 30,
              step: 1,
            })}
            {row("peak", "fastest at", `${asked.values.peak} kpc`, {
              value: asked.values.peak,
              min: 0.5,
              max: 30,
              step: 0.5,
            })}
          </>
        ) : (
          <p>The autoencoder is not told the amount of noise, and wishes need it: take a residual network.</p>
        )}
        <NumberField label="Curves" name="ask-count" value={count} min={1} max={200} onChange={setCount} />
        <NumberField label="Seed" name="ask-seed" value={seed} min={0} max={1e9} onChange={setSeed} />
      </div>
      <div>
        {error !== "" && (
          <p role="alert" class="mistake">
            {error}
          </p>
        )}
        {chart !== null && <Chart {...chart} height={340} />}
        <p aria-live="polite" data-asked={of === null ? "" : summaryOf(of)}>
          {isRunning ? "Sampling …" : chart?.description}
        </p>
        <Keep
          name="asked"
          disabled={chart === null}
          svg={() => figureOf([chart!])}
          csv={() => formatCsv(Array.from(model!.radii), result!)}
          command={commandOf(settings)}
          note="It needs the model, which “Save the model” leaves as model.safetensors."
        />
      </div>
    </div>
  );
}

const isLog = (name: string): boolean => name === "disc-mass" || name === "halo-mass";

/** A condition as one asks for it: masses as log10, the others as they are. Sliders have log10 of all. */
function shownOf({ name, least, greatest }: ModelCondition, log: number): number {
  const within = Math.max(least, Math.min(greatest, log));
  return isLog(name) ? within : 10 ** within;
}

function textOf(own: ModelCondition, log: number): string {
  const value = shownOf(own, log);
  if (isLog(own.name)) return `10^${value.toFixed(1)} solar masses`;
  return `${value.toPrecision(3)}${own.name === "scale-length" ? " kpc" : ""}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** What the curves were asked for, in a few words. */
function summaryOf({ count, condition = {}, guidance, flat, peak }: SamplingSettings): string {
  const wishes = [flat !== undefined && "flat", peak !== undefined && "peak"];
  return [`${count} curves`, ...Object.keys(condition), guidance, ...wishes].filter(Boolean).join(", ");
}

function commandOf({
  sampler,
  steps,
  seed,
  count,
  condition = {},
  guidance,
  flat,
  peak,
}: SamplingSettings): string {
  const asked = Object.entries(condition).map(([name, value]) => ` --condition ${name}=${value}`);
  if (asked.length > 0) asked.push(` --guidance ${guidance}`);
  if (flat !== undefined) asked.push(` --guide flat=${flat}`);
  if (peak !== undefined) asked.push(` --guide peak=${peak}`);
  return `npx halograd sample --model model.safetensors --count ${count} --sampler ${sampler} --steps ${steps} --seed ${seed}${asked.join("")} --out lab`;
}
