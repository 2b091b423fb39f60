/** The page "Backprop, step by step": a program, its graph, and its backward pass one contribution at a time. */

import { type Node, useBackend } from "halograd";
import { render } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Choice, Player, SPEEDS, type Speed, Switch, Tabs } from "../site/controls.tsx";
import { Editor } from "../site/editor.tsx";
import type { Place } from "../site/highlight.ts";
import { keepOffline } from "../site/offline.ts";
import { announce, Explanation } from "./explanation.tsx";
import { Graph } from "./graph.tsx";
import { Descend, Exports, Nudge, Order, Prediction, Story } from "./panels.tsx";
import { questionOf } from "./predict.ts";
import { presets } from "./presets.ts";
import { ProgramError, runProgram, type Values, vocabulary } from "./program.ts";
import { fromHash, toHash } from "./share.ts";
import { cotangentsAfter, type Recording, record, recordSecond } from "./steps.ts";
import "./style.css";

// Numbers here are small and few, and this backend needs no permission to compile code.
useBackend("typescript");

const operations: ReadonlySet<string> = new Set(vocabulary);

interface Outcome {
  readonly recording: Recording | null;
  readonly mistake: { readonly message: string; readonly place: Place } | null;
}

function compute(source: string, values: Values): Outcome {
  try {
    return { recording: record(runProgram(source, values)), mistake: null };
  } catch (error) {
    const place = error instanceof ProgramError ? error.place : { start: 0, end: source.length };
    return { recording: null, mistake: { message: (error as Error).message, place } };
  }
}

const TABS = ["Node", "Nudge", "Descend", "Order", "Export"] as const;

function App() {
  const [source, setSource] = useState(() => fromHash(location.hash) ?? presets[0].source);
  const [values, setValues] = useState<Values>(new Map());
  const [second, setSecond] = useState<string | null>(null);
  const [count, setCount] = useState(0);
  const [speed, setSpeed] = useState<Speed>("medium");
  const [isPlaying, setPlaying] = useState(false);
  const [predicts, setPredicts] = useState(false);
  const [numbers, setNumbers] = useState(false);
  const [answered, setAnswered] = useState(-1);
  const [chosen, setChosen] = useState<string | null>(null);
  const [tab, setTab] = useState<(typeof TABS)[number]>("Node");
  const [shared, setShared] = useState("");

  const outcome = useMemo(() => compute(source, values), [source, values]);
  // While a program is being written, the last one that ran stays in sight.
  const last = useRef<Recording | null>(null);
  last.current = outcome.recording ?? last.current;
  const base = last.current;
  const leaf =
    base !== null && second !== null
      ? base.run.leaves.has(second)
        ? second
        : [...base.run.leaves.keys()][0]
      : null;
  const derived = useMemo(
    () => (base === null || leaf === null ? null : recordSecond(runProgram(base.run.source, values), leaf)),
    [base, leaf],
  );
  const recording = leaf === null ? base : (derived ?? base);
  const steps = recording?.steps ?? [];
  const shown = Math.min(count, steps.length);
  const step = shown === 0 ? null : steps[shown - 1];

  const isAsking = predicts && step?.kind === "backward" && answered < shown;
  const question = useMemo(() => (step?.kind === "backward" ? questionOf(step.contribution) : null), [step]);
  const { length } = steps;
  /** By so many steps; from what the state is by then, so that no key that is held down is lost. */
  const goBy = useCallback(
    (by: number) => setCount((count) => Math.max(0, Math.min(length, Math.min(count, length) + by))),
    [length],
  );
  const go = useCallback((to: number) => setCount(Math.max(0, Math.min(length, to))), [length]);

  /** Plays on, from the start where it has come to the end, or stops. */
  const play = (): void => {
    if (!isPlaying && shown === length) go(0);
    setPlaying(!isPlaying);
  };
  useEffect(() => {
    if (!isPlaying) return;
    if (shown >= steps.length || isAsking) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => go(shown + 1), SPEEDS[speed]);
    return () => clearTimeout(timer);
  }, [isPlaying, shown, steps.length, speed, isAsking, go]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (
        target.closest("input, select, textarea, .cm-editor, .scroll") ||
        event.altKey ||
        event.ctrlKey ||
        event.metaKey
      )
        return;
      const isButton = target.closest("button, a, summary, [role=button], [role=tab]") !== null;
      const action = {
        ArrowRight: () => goBy(1),
        ArrowLeft: () => goBy(-1),
        Home: () => go(0),
        End: () => go(length),
        " ": isButton ? undefined : play,
      }[event.key];
      if (action === undefined || (target.closest("[role=tab]") && event.key !== " ")) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [go, goBy, length, play]);

  useEffect(() => {
    const onHash = (): void => {
      const given = fromHash(location.hash);
      if (given !== null) load(given);
    };
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);

  const load = (text: string): void => {
    setSource(text);
    setValues(new Map());
    setSecond(null);
    setCount(0);
    setAnswered(-1);
    setPlaying(false);
  };

  const select = useCallback(
    (node: Node) => {
      setChosen(recording?.nameOf(node.output) ?? null);
      setTab("Node");
    },
    [recording],
  );
  const seen = useMemo(() => {
    const computed = new Set<Node>();
    for (const done of steps.slice(0, shown)) if (done.kind === "forward") computed.add(done.node);
    return {
      computed,
      cotangents: recording === null ? new Map() : cotangentsAfter(recording, isAsking ? shown - 1 : shown),
    };
  }, [recording, shown, isAsking]);

  const selected = recording?.nodes.find(({ output }) => recording.nameOf(output) === chosen) ?? null;
  const forward = steps.filter(({ kind }) => kind === "forward").length;
  const said =
    recording === null
      ? ""
      : isAsking
        ? "A prediction is asked for."
        : `Step ${shown} of ${steps.length}. ${announce(recording, step)}`;

  return (
    <>
      <header>
        <h1>Backprop, step by step</h1>
        <p>
          A program, the graph that it records, and the gradients that flow back through it. Everything is
          computed by <strong>halograd</strong>, the engine that it explains.
        </p>
      </header>
      <main>
        <section class="program" aria-label="Program">
          <div class="bar">
            <label>
              Program{" "}
              <select
                name="preset"
                value={presets.find((preset) => preset.source === source)?.title ?? ""}
                onChange={(event) => {
                  const preset = presets.find(({ title }) => title === event.currentTarget.value);
                  if (preset !== undefined) load(preset.source);
                }}
              >
                {!presets.some((preset) => preset.source === source) && <option value="">Your own</option>}
                {presets.map(({ title }) => (
                  <option key={title}>{title}</option>
                ))}
              </select>
            </label>{" "}
            <button
              type="button"
              onClick={() => {
                history.replaceState(null, "", toHash(source));
                setShared(location.href);
                navigator.clipboard?.writeText(location.href).catch(() => {});
              }}
            >
              Share
            </button>
          </div>
          {shared !== "" && (
            <p role="status">
              The address is copied:{" "}
              <input aria-label="Address of this program" readOnly value={shared} size={24} />
            </p>
          )}
          <Editor
            label="Program"
            known={operations}
            source={source}
            mistake={outcome.mistake}
            highlight={
              step === null || recording === null ? null : (recording.run.places.get(step.node) ?? null)
            }
            onChange={(text) => {
              setSource(text);
              setValues(new Map());
              setAnswered(-1);
              setPlaying(false);
            }}
          />
          <p role="alert" class="mistake">
            {outcome.mistake?.message}
          </p>
          <details>
            <summary>What can be written</summary>
            <p>
              Give names numbers or arrays, as in <code>x = [1, 2]</code>: these are leaves, and the result is
              differentiated by them. Compute with <code>+ − * / **</code>, functions as in{" "}
              <code>matmul(a, b)</code> and methods as in <code>x.sum()</code>. <code>tensor([1, 2])</code> is
              data that is not differentiated. The last line is the result, a single number.
            </p>
          </details>
        </section>

        {recording !== null && (
          <section class="view" aria-label="Steps">
            <Player
              shown={shown}
              length={steps.length}
              detail={shown === 0 ? "" : shown <= forward ? "· forward" : "· backward"}
              isPlaying={isPlaying}
              speed={speed}
              onGo={go}
              onPlay={play}
              onSpeed={setSpeed}
            />
            <div class="bar switches">
              <Switch label="Predict first" name="predict" checked={predicts} onChange={setPredicts} />
              <Switch label="Numbers in tensors" name="numbers" checked={numbers} onChange={setNumbers} />
              <Switch
                label="Second derivatives"
                name="second"
                checked={second !== null}
                onChange={(checked) => {
                  setSecond(checked ? [...base!.run.leaves.keys()][0] : null);
                  setCount(0);
                  setAnswered(-1);
                }}
              />
              {leaf !== null && base !== null && base.run.leaves.size > 1 && (
                <Choice
                  label="of"
                  value={leaf}
                  options={[...base.run.leaves.keys()]}
                  onChange={(name) => {
                    setSecond(name);
                    setCount(0);
                  }}
                />
              )}
            </div>
            {leaf !== null && (
              <p>
                {derived === null
                  ? `The gradient of ${leaf} depends on no leaf: its derivative is 0 everywhere.`
                  : `createGraph: backward was recorded as well, so the gradient of ${leaf} is a value like any other${base!.run.leaves.get(leaf)!.size > 1 ? " (the sum of its elements)" : ""}. Its own backward gives second derivatives.`}
              </p>
            )}
            <Graph
              recording={recording}
              computed={seen.computed}
              cotangents={seen.cotangents}
              step={step}
              selected={selected}
              numbers={numbers}
              onSelect={select}
            />
            {isAsking && question !== null ? (
              <Prediction
                key={shown}
                recording={recording}
                question={question}
                onAnswered={() => setAnswered(shown)}
              />
            ) : (
              <>
                {predicts && answered === shown && (
                  <p class="verdict none" role="status">
                    Here is the step:
                  </p>
                )}
                <Explanation recording={recording} step={step} index={shown} />
              </>
            )}
            <p class="spoken" aria-live="polite">
              {said}
            </p>
          </section>
        )}

        {recording !== null && base !== null && (
          <section class="more" aria-label="Try">
            <Tabs label="Try" tabs={TABS} chosen={tab} onChoose={setTab}>
              {tab === "Node" && <Story recording={recording} node={selected} onStep={go} />}
              {tab === "Nudge" && <Nudge recording={base} values={values} />}
              {tab === "Descend" && <Descend run={base.run} values={values} onValues={setValues} />}
              {tab === "Order" && <Order recording={recording} />}
              {tab === "Export" && <Exports recording={base} />}
            </Tabs>
          </section>
        )}
      </main>
      <footer>
        <p>
          Keys: <kbd>→</kbd> <kbd>←</kbd> step, <kbd>Home</kbd> <kbd>End</kbd> to the ends, <kbd>Space</kbd>{" "}
          plays. Programs are parsed and never evaluated as code. This page works without a network once it
          has loaded.
        </p>
      </footer>
    </>
  );
}

render(<App />, document.getElementById("app")!);

keepOffline();
