/** The page "The diffusion lab": train a model of galaxy rotation curves, watch it sample, ask it, and the same in two dimensions. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Tabs } from "../site/controls.tsx";
import { keepOffline } from "../site/offline.ts";
import { Ask } from "./ask.tsx";
import { Client } from "./client.ts";
import { download } from "./files.tsx";
import { Infer } from "./infer.tsx";
import autoencoderFile from "./models/autoencoder.safetensors?url";
import residualFile from "./models/residual.safetensors?url";
import { PlaneLab } from "./plane-lab.tsx";
import type { ModelSummary } from "./protocol.ts";
import { Sample } from "./sample.tsx";
import { Train } from "./train.tsx";
import "./style.css";

const TABS = ["Train", "Noise and steps", "Ask", "Infer", "Two dimensions"] as const;

const SHIPPED = { residual: residualFile, autoencoder: autoencoderFile };

const client = new Client();

function App() {
  const [tab, setTab] = useState<(typeof TABS)[number]>("Train");
  const [model, setModel] = useState<ModelSummary | null>(null);
  /** Counts models, since the worker's own changes while it trains. */
  const [version, setVersion] = useState(0);
  const [source, setSource] = useState("");
  const [problem, setProblem] = useState("");
  const [spoken, setSpoken] = useState("");
  const file = useRef<HTMLInputElement>(null);

  const onModel = (own: ModelSummary, from: string): void => {
    setModel(own);
    setSource(from);
    setVersion((version) => version + 1);
  };
  const open = async (name: string, bytes: Promise<ArrayBuffer>): Promise<void> => {
    try {
      onModel(await client.start("open", { name, bytes: new Uint8Array(await bytes) }).result, name);
      setProblem("");
      setSpoken(`The model ${name} is open.`);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const openShipped = (name: keyof typeof SHIPPED): Promise<void> =>
    open(
      name,
      fetch(SHIPPED[name]).then((response) => response.arrayBuffer()),
    );
  useEffect(() => void openShipped("residual"), []);

  const parts = { client, model, version, onSay: setSpoken };
  return (
    <>
      <header>
        <h1>The diffusion lab</h1>
        <p>
          A network learns to take noise away from rotation curves of galaxies, and so to make new ones.
          Everything is computed in this page by <strong>halograd</strong>, in a worker.
        </p>
      </header>
      <main>
        <section class="panel model" aria-label="Model">
          <p data-model={model?.network ?? ""}>
            <strong>Model:</strong> {model === null ? "opening …" : describe(model, source)}
          </p>
          <div class="bar">
            <button type="button" onClick={() => void openShipped("residual")}>
              Residual
            </button>
            <button type="button" onClick={() => void openShipped("autoencoder")}>
              Autoencoder
            </button>
            <button type="button" onClick={() => file.current?.click()}>
              Open a file …
            </button>
            <input
              ref={file}
              type="file"
              hidden
              name="model"
              accept=".safetensors"
              onChange={(event) => {
                const chosen = event.currentTarget.files?.[0];
                if (chosen !== undefined) void open(chosen.name, chosen.arrayBuffer());
                event.currentTarget.value = "";
              }}
            />
            <button
              type="button"
              disabled={model === null}
              onClick={async () => download("model.safetensors", await client.start("save", null).result)}
            >
              Save the model
            </button>
          </div>
          {problem !== "" && (
            <p role="alert" class="mistake">
              {problem}
            </p>
          )}
        </section>
        <Tabs label="What to do" tabs={TABS} chosen={tab} onChoose={setTab}>
          {/* A training goes on while one looks elsewhere. */}
          <div hidden={tab !== "Train"}>
            <Train client={client} onModel={(own) => onModel(own, "trained here")} onSay={setSpoken} />
          </div>
          {tab === "Noise and steps" && <Sample {...parts} />}
          {tab === "Ask" && <Ask {...parts} />}
          {tab === "Infer" && <Infer {...parts} />}
          {tab === "Two dimensions" && <PlaneLab client={client} onSay={setSpoken} />}
        </Tabs>
        <p class="spoken" aria-live="polite">
          {spoken}
        </p>
      </main>
      <footer>
        <p>
          Measured galaxies: SPARC, Lelli, McGaugh &amp; Schombert 2016, AJ 152, 157, CC-BY 4.0. This page
          works without a network once it has loaded.
        </p>
      </footer>
    </>
  );
}

function describe({ network, weights, training, conditions }: ModelSummary, source: string): string {
  const how =
    network === "residual"
      ? `${training.batches} batches of ${training.curves} galaxies`
      : `${training.epochs} epochs of ${training.curves} galaxies`;
  const kind = network === "residual" ? "residual network" : "the reference post's autoencoder";
  const told =
    conditions.length === 0 ? "" : `; conditioned on ${conditions.map(({ name }) => name).join(", ")}`;
  const from = source in SHIPPED ? "trained before" : source;
  return `${kind} (${from}): ${weights} weights, ${how} of the ${training.population ?? "same"} population${told}.`;
}

render(<App />, document.getElementById("app")!);
keepOffline();
