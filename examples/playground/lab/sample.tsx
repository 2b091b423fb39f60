/** Noise on a curve with the network's guess, and samplers one step at a time, one or two beside each other. */

import { rootMeanSquare, SAMPLERS, type SamplerName } from "halograd/curves";
import { formatCsv } from "halograd/io";
import { type Mark, okabeIto } from "halograd/plot";
import { useEffect, useState } from "preact/hooks";
import { Choice, NumberField, Player, Slider, SPEEDS, type Speed, Switch } from "../site/controls.tsx";
import { Chart, type ChartSpec, figureOf, Legend, radiusAxis, velocityAxis } from "./chart.tsx";
import type { Client } from "./client.ts";
import { Keep } from "./files.tsx";
import type { ModelSummary, SamplingSettings, Walk } from "./protocol.ts";
import { usePlayer, useTask } from "./use-task.ts";

/** What every part of the page with a model is given. */
export interface PartProps {
  readonly client: Client;
  readonly model: ModelSummary | null;
  /** Changes with the model. */
  readonly version: number;
  readonly onSay: (text: string) => void;
}

export function Sample(props: PartProps) {
  return (
    <>
      <Noise {...props} />
      <Steps {...props} />
    </>
  );
}

/** One curve under any amount of noise. */
function Noise({ client, model, version }: PartProps) {
  const [galaxy, setGalaxy] = useState(0);
  const [amount, setAmount] = useState(0.5);
  const [seed, setSeed] = useState(0);
  const { result, of, error } = useTask(
    client,
    "predict",
    model === null ? null : { galaxy, amount, seed },
    version,
  );
  const chart: ChartSpec | null =
    result === null || model === null
      ? null
      : {
          title: "A rotation curve under noise",
          description: `The clean curve, the same with ${percent(amount)} noise, and the network's guess.`,
          x: radiusAxis(model.radii),
          y: velocityAxis([result.clean, result.prediction, [300]]),
          marks: [
            {
              kind: "line",
              x: model.radii,
              y: result.clean,
              color: okabeIto.black,
              dash: "5 4",
              label: "clean curve",
            },
            {
              kind: "points",
              x: model.radii,
              y: result.noisy,
              color: okabeIto.vermillion,
              label: "with noise",
            },
            {
              kind: "line",
              x: model.radii,
              y: result.prediction,
              color: okabeIto.blue,
              width: 2,
              label: "the network's guess",
            },
          ],
        };
  const off = (curve: Float64Array | undefined): string =>
    curve === undefined || result === null ? "" : rootMeanSquare([curve], [result.clean]).toFixed(1);
  return (
    <section class="panel" aria-label="Noise">
      <h2>Noise, and what the network sees behind it</h2>
      <div class="bar">
        <Slider
          label="Amount of noise"
          name="amount"
          value={amount}
          min={0}
          max={1}
          step={0.01}
          text={percent(amount)}
          onChange={setAmount}
        />
        <Slider
          label="Galaxy"
          name="galaxy"
          value={galaxy + 1}
          min={1}
          max={20}
          onChange={(value) => setGalaxy(value - 1)}
        />
        <NumberField
          label="Seed of the noise"
          name="noise-seed"
          value={seed}
          min={0}
          max={1e9}
          onChange={setSeed}
        />
      </div>
      {error !== "" && (
        <p role="alert" class="mistake">
          {error}
        </p>
      )}
      {chart !== null && (
        <>
          <Chart {...chart} height={260} />
          <Legend marks={chart.marks} />
        </>
      )}
      <p aria-live="polite" data-noise={of === null ? "" : `${of.galaxy + 1} ${of.amount}`}>
        From the clean curve the noisy one is {off(result?.noisy)} km/s away, the guess{" "}
        {off(result?.prediction)} km/s (rms).
      </p>
      <Keep
        name="noise"
        disabled={chart === null}
        svg={() => figureOf([chart!])}
        csv={() =>
          formatCsv(
            ["radius", "clean", "noisy", "guess"],
            Array.from(model!.radii, (radius, i) => [
              radius,
              ...[result!.clean, result!.noisy, result!.prediction].map((curve) => curve[i]),
            ]),
          )
        }
      />
    </section>
  );
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Five curves on their way from noise. */
function Steps({ client, model, version, onSay }: PartProps) {
  const [samplers, setSamplers] = useState<readonly [SamplerName, SamplerName]>(["euler", "heun"]);
  const [compares, setCompares] = useState(false);
  const [steps, setSteps] = useState(10);
  const [seed, setSeed] = useState(0);
  const [speed, setSpeed] = useState<Speed>("fast");
  const settingsOf = (i: 0 | 1): SamplingSettings => ({ sampler: samplers[i], steps, seed, count: 5 });
  const walks = [
    useTask(client, "walk", model === null ? null : settingsOf(0), version),
    useTask(client, "walk", model === null || !compares ? null : settingsOf(1), version),
  ];
  const player = usePlayer(steps, SPEEDS[speed]);
  const { shown } = player;
  const [first] = walks;
  const t = first.result?.steps[shown]?.t ?? 0;
  const detail = `· noise ${percent(t)}`;
  useEffect(() => {
    if (!player.isPlaying) onSay(`Step ${shown} of ${steps}, noise ${percent(t)}.`);
  }, [shown, player.isPlaying]);
  const drawn = walks.slice(0, compares ? 2 : 1).map(({ result }) => result);
  /** What the curves are of. */
  const told = walks.map(({ of }) => (of === null ? "" : `${of.sampler} ${of.steps} ${of.seed}`));
  return (
    <section class="panel" aria-label="Samplers">
      <h2>From noise to curves, step by step</h2>
      <div class="bar">
        <Choice
          label="Sampler"
          name="sampler"
          value={samplers[0]}
          options={SAMPLERS}
          onChange={(sampler) => setSamplers([sampler, samplers[1]])}
        />
        <Switch label="beside another" name="compare" checked={compares} onChange={setCompares} />
        {compares && (
          <Choice
            label="Second sampler"
            name="second-sampler"
            value={samplers[1]}
            options={SAMPLERS}
            onChange={(sampler) => setSamplers([samplers[0], sampler])}
          />
        )}
        <NumberField label="Steps" name="steps" value={steps} min={1} max={500} onChange={setSteps} />
        <NumberField label="Seed" name="walk-seed" value={seed} min={0} max={1e9} onChange={setSeed} />
      </div>
      <Player
        shown={shown}
        length={steps}
        detail={detail}
        isPlaying={player.isPlaying}
        speed={speed}
        onGo={player.go}
        onPlay={player.play}
        onSpeed={setSpeed}
      />
      {walks.map(({ error }) =>
        error === "" ? null : (
          <p key={error} role="alert" class="mistake">
            {error}
          </p>
        ),
      )}
      {model !== null &&
        drawn.map(
          (walk, i) =>
            walk !== null && (
              <div key={samplers[i]} data-walk={told[i]}>
                {compares && <h3>{samplers[i]}</h3>}
                <div class="five">
                  {chartsOf(walk, shown, model.radii, samplers[i]).map((chart) => (
                    <Chart key={chart.title} {...chart} height={170} small />
                  ))}
                </div>
                {i === 0 && <Legend marks={chartsOf(walk, shown, model.radii, samplers[i])[0].marks} />}
              </div>
            ),
        )}
      {compares &&
        drawn[0] !== null &&
        drawn[1] !== null &&
        drawn[0].final.length === drawn[1].final.length && (
          <p aria-live="polite" data-difference={told.join(", ")}>
            From the same noise, the two samplers end{" "}
            {rootMeanSquare(drawn[0].final, drawn[1].final).toFixed(2)} km/s apart (rms).
          </p>
        )}
      <Keep
        name="samples"
        disabled={first.result === null}
        svg={() => figureOf(chartsOf(first.result!, shown, model!.radii, samplers[0]))}
        csv={() => formatCsv(Array.from(model!.radii), first.result!.final)}
        command={`npx halograd sample --model model.safetensors --count 5 --sampler ${samplers[0]} --steps ${steps} --seed ${seed} --out lab`}
        note="It needs the model, which “Save the model” leaves as model.safetensors."
      />
    </section>
  );
}

/** A chart for each curve: the state, the guess behind it, and where the next step goes. */
function chartsOf(walk: Walk, shown: number, radii: Float64Array, sampler: string): ChartSpec[] {
  const step = walk.steps[shown];
  const next = walk.steps[shown + 1]?.state ?? walk.final;
  return walk.final.map((final, i) => {
    const marks: Mark[] =
      step === undefined
        ? [{ kind: "line", x: radii, y: final, color: okabeIto.blue, width: 2, label: "the curve" }]
        : [
            {
              kind: "line",
              x: radii,
              y: next[i],
              color: okabeIto.green,
              dash: "4 3",
              label: "where it goes",
            },
            { kind: "line", x: radii, y: step.prediction[i], color: okabeIto.blue, width: 2, label: "guess" },
            {
              kind: "points",
              x: radii,
              y: step.state[i],
              color: okabeIto.vermillion,
              size: 3,
              label: "state",
            },
          ];
    return {
      title: `Curve ${i + 1}, ${sampler}`,
      description:
        step === undefined ? "The finished curve." : `Step ${shown}: state, guess, and the next state.`,
      x: radiusAxis(radii),
      y: velocityAxis([[350], ...walk.final]),
      marks,
    };
  });
}
