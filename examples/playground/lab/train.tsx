/** Trains either network, with its loss and its samples while one looks. */

import {
  CONDITIONS,
  LEARNING_RATE_SCHEDULES,
  NETWORKS,
  type NetworkName,
  POPULATIONS,
} from "halograd/curves";
import type { EpochLosses } from "halograd/diffusion";
import { formatCsv } from "halograd/io";
import { type Mark, okabeIto, scale, thinLine } from "halograd/plot";
import { useMemo, useRef, useState } from "preact/hooks";
import { Choice, NumberField, Switch, Typed } from "../site/controls.tsx";
import { Chart, type ChartSpec, figureOf, Legend, radiusAxis, velocityAxis } from "./chart.tsx";
import type { Client, Job } from "./client.ts";
import { Keep } from "./files.tsx";
import type { ModelSummary, TrainingReport, TrainingSettings } from "./protocol.ts";

interface TrainProps {
  readonly client: Client;
  readonly onModel: (model: ModelSummary) => void;
  readonly onSay: (text: string) => void;
}

/** Settings to begin with: some seconds of training. */
const STANDARD: Readonly<Record<NetworkName, TrainingSettings>> = {
  autoencoder: {
    network: "autoencoder",
    population: "standard",
    count: 1000,
    seed: 0,
    widths: [32, 16, 4],
    learningRate: 0.01,
    schedule: "constant",
    length: 2001,
    conditions: [],
  },
  residual: {
    network: "residual",
    population: "standard",
    count: 2000,
    seed: 0,
    widths: [64, 64, 64],
    learningRate: 0.004,
    schedule: "cosine",
    length: 1500,
    conditions: [],
  },
};

type Phase = "idle" | "running" | "paused";

export function Train({ client, onModel, onSay }: TrainProps) {
  const [settings, setSettings] = useState(STANDARD.autoencoder);
  const [phase, setPhase] = useState<Phase>("idle");
  const [losses, setLosses] = useState<readonly EpochLosses[]>([]);
  const [report, setReport] = useState<TrainingReport | null>(null);
  const [problem, setProblem] = useState("");
  const job = useRef<Job<unknown> | null>(null);

  const change = (part: Partial<TrainingSettings>): void => setSettings({ ...settings, ...part });
  const reset = (): void => {
    job.current?.stop();
    job.current = null;
    setPhase("idle");
    setLosses([]);
    setReport(null);
    setProblem("");
  };
  const start = (): void => {
    reset();
    setPhase("running");
    onSay("Training has started.");
    const own = client.start("train", settings, (next) => {
      if (job.current !== own) return;
      setLosses((before) => [...before, ...next.losses]);
      setReport(next);
      if (next.model !== null) onModel(next.model);
    });
    job.current = own;
    own.result.then(
      (model) => {
        if (job.current !== own) return;
        if (model !== null) onModel(model);
        setPhase("idle");
        onSay("Training is done.");
      },
      (error: Error) => {
        if (job.current !== own) return;
        setProblem(error.message);
        setPhase("idle");
      },
    );
  };
  const pause = (): void => {
    if (phase === "running") job.current?.pause();
    else job.current?.resume();
    onSay(phase === "running" ? "Training is paused." : "Training goes on.");
    setPhase(phase === "running" ? "paused" : "running");
  };

  const loss = useMemo(() => lossChart(losses), [losses]);
  const samples = useMemo(() => samplesChart(report), [report]);
  const unit = settings.network === "residual" ? "batches" : "epochs";
  const last = losses.at(-1);
  return (
    <div class="columns">
      <fieldset class="panel settings" disabled={phase !== "idle"}>
        <legend>Training</legend>
        <Choice
          label="Network"
          name="network"
          value={settings.network}
          options={NETWORKS}
          onChange={(network) => setSettings(STANDARD[network])}
        />
        <Choice
          label="Galaxies of the population"
          name="population"
          value={settings.population}
          options={POPULATIONS}
          onChange={(population) => change({ population })}
        />
        <NumberField
          label="How many"
          name="count"
          value={settings.count}
          min={100}
          max={20000}
          onChange={(count) => change({ count })}
        />
        <NumberField
          label="Seed"
          name="seed"
          value={settings.seed}
          min={0}
          max={1e9}
          onChange={(seed) => change({ seed })}
        />
        <Widths settings={settings} onChange={(widths) => change({ widths })} />
        <NumberField
          label="Learning rate"
          name="rate"
          value={settings.learningRate}
          min={1e-6}
          max={10}
          step="any"
          onChange={(learningRate) => change({ learningRate })}
        />
        <Choice
          label="Its schedule"
          name="schedule"
          value={settings.schedule}
          options={LEARNING_RATE_SCHEDULES}
          onChange={(schedule) => change({ schedule })}
        />
        <NumberField
          label={unit === "epochs" ? "Epochs" : "Batches"}
          name="length"
          value={settings.length}
          min={1}
          max={20000}
          onChange={(length) => change({ length })}
        />
        {settings.network === "residual" && (
          <fieldset class="choices">
            <legend>Conditions</legend>
            {CONDITIONS.filter((name) => name !== "bulge-fraction" || settings.population === "extended").map(
              (name) => (
                <Switch
                  key={name}
                  label={name}
                  name={`train-${name}`}
                  checked={settings.conditions.includes(name)}
                  onChange={(checked) =>
                    change({
                      conditions: CONDITIONS.filter((own) =>
                        own === name ? checked : settings.conditions.includes(own),
                      ),
                    })
                  }
                />
              ),
            )}
          </fieldset>
        )}
      </fieldset>
      <div>
        <div class="bar">
          <button type="button" onClick={start} disabled={phase !== "idle"}>
            Start training
          </button>
          <button type="button" onClick={pause} disabled={phase === "idle"}>
            {phase === "paused" ? "Go on" : "Pause"}
          </button>
          <button type="button" onClick={reset} disabled={phase === "idle" && losses.length === 0}>
            Reset
          </button>
          <progress
            aria-label="Progress of the training"
            value={report === null ? 0 : report.done / report.total}
          />
          <span class="count" data-phase={phase}>
            {report === null
              ? "not started"
              : report.model === null
                ? `galaxy ${report.done} of ${report.total}`
                : `${report.done} of ${report.total} ${unit}`}
            {last && `, loss ${last.train.toFixed(4)}, on unseen galaxies ${last.valid.toFixed(4)}`}
          </span>
        </div>
        {problem !== "" && (
          <p role="alert" class="mistake">
            {problem}
          </p>
        )}
        {loss === null ? (
          <p>
            Train a network, and see its loss fall and its samples get better here. Until then the other parts
            use a model that was trained before.
          </p>
        ) : (
          <>
            <h2>Loss</h2>
            <Chart {...loss} height={220} />
            <Legend marks={loss.marks} />
          </>
        )}
        {samples !== null && (
          <>
            <h2>Samples from the same noise, as the network is now</h2>
            <Chart {...samples} height={240} />
          </>
        )}
        <Keep
          name="loss"
          disabled={loss === null}
          svg={() => figureOf([loss!])}
          csv={() =>
            formatCsv(
              ["epoch", "train", "valid"],
              losses.map(({ epoch, train, valid }) => [epoch, train, valid]),
            )
          }
          command={commandOf(settings)}
        />
      </div>
    </div>
  );
}

/** Of the autoencoder a list, of the residual network a width and a number of blocks. */
function Widths({
  settings: { network, widths },
  onChange,
}: {
  readonly settings: TrainingSettings;
  readonly onChange: (widths: readonly number[]) => void;
}) {
  if (network === "residual") {
    const [width] = widths;
    const blocks = widths.length;
    return (
      <>
        <NumberField
          label="Width"
          name="width"
          value={width}
          min={1}
          max={256}
          onChange={(next) => onChange(widths.map(() => next))}
        />
        <NumberField
          label="Blocks"
          name="blocks"
          value={blocks}
          min={1}
          max={8}
          onChange={(next) => onChange(Array.from({ length: next }, () => width))}
        />
      </>
    );
  }
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field in it is the control
    <label>
      Widths to the bottleneck{" "}
      <Typed
        label="Widths to the bottleneck"
        name="widths"
        value={widths.join(" ")}
        onChange={(text) => {
          const next = text.trim().split(/[ ,]+/).map(Number);
          if (
            next.length <= 6 &&
            next.every((width) => Number.isInteger(width) && width >= 1 && width <= 256)
          )
            onChange(next);
        }}
      />
    </label>
  );
}

function lossChart(losses: readonly EpochLosses[]): ChartSpec | null {
  const known = losses.filter(({ train, valid }) => train > 0 && valid > 0);
  if (known.length < 2) return null;
  const x = known.map(({ epoch }) => epoch);
  const line = (key: "train" | "valid", color: string, label: string): Mark => {
    const y = known.map((losses) => losses[key]);
    const kept = thinLine(x, y, 600);
    return { kind: "line", x: kept.map((i) => x[i]), y: kept.map((i) => y[i]), color, label };
  };
  const all = known.flatMap(({ train, valid }) => [train, valid]);
  return {
    title: "Training and validation loss",
    description: `Mean squared error after epoch ${x[0].toFixed(0)} to ${x[x.length - 1].toFixed(0)}.`,
    x: { label: "Epoch", scale: scale(x[0], x[x.length - 1], { nice: false }) },
    y: {
      label: "Mean squared error",
      scale: scale(Math.min(...all), Math.max(...all), { kind: "log", ticks: 5 }),
    },
    marks: [
      line("train", okabeIto.vermillion, "training, noisy input"),
      line("valid", okabeIto.blue, "unseen galaxies"),
    ],
  };
}

function samplesChart(report: TrainingReport | null): ChartSpec | null {
  if (report === null || report.model === null || report.samples.length === 0) return null;
  const { radii } = report.model;
  return {
    title: "Sampled rotation curves",
    description: `${report.samples.length} curves that the network samples by now.`,
    x: radiusAxis(radii),
    y: velocityAxis([[400]]),
    marks: report.samples.map((y) => ({ kind: "line", x: radii, y, color: okabeIto.blue, opacity: 0.8 })),
  };
}

/** What a terminal needs for the same numbers. */
function commandOf(settings: TrainingSettings): string {
  const { network, population, count, seed, widths, learningRate, schedule, length, conditions } = settings;
  const own = network === "residual" ? `--batches ${length}` : `--epochs ${length}`;
  const told = conditions.length === 0 ? "" : ` --conditions ${conditions.join(",")}`;
  return [
    `npx halograd generate --seed ${seed} --count ${count} --population ${population} --out lab`,
    `npx halograd train --data lab/curves.csv --seed ${seed} --network ${network} --widths ${widths.join(",")} \\`,
    `  --learning-rate ${learningRate} --schedule ${schedule} ${own}${told}`,
  ].join("\n");
}
