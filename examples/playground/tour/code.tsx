/** Code that can be run: cells, exercises, and what they print. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Editor } from "../site/editor.tsx";
import { markCode, type Place } from "../site/highlight.ts";
import type { Exercise } from "./lesson.ts";
import { givenFiles } from "./lessons.ts";
import type { Problem } from "./modules.ts";
import type { Progress } from "./progress.ts";
import { type Run, start } from "./runner.ts";
import type { Task } from "./worker.ts";

/** What a run has left. */
interface Result {
  readonly lines: readonly string[];
  readonly state: "running" | "ended" | "stopped";
  readonly problem: Problem | null;
}

/** A run at a time, and what it has printed. */
function useRun(): [result: Result | null, run: (task: Task) => Promise<Result>, stop: () => void] {
  const [result, setResult] = useState<Result | null>(null);
  const current = useRef<Run | null>(null);
  useEffect(() => () => current.current?.stop(), []);
  const run = async (task: Task): Promise<Result> => {
    current.current?.stop();
    let result: Result = { lines: [], state: "running", problem: null };
    setResult(result);
    let shown = performance.now();
    const running = start(task, (line) => {
      result = { ...result, lines: [...result.lines, line] };
      // Not for every line of a loop that prints.
      if (performance.now() - shown < 50) return;
      shown = performance.now();
      if (current.current === running) setResult(result);
    });
    current.current = running;
    const outcome = await running.outcome;
    result =
      outcome === "stopped"
        ? { ...result, state: "stopped" }
        : { ...result, state: "ended", problem: outcome.problem };
    if (current.current === running) setResult(result);
    return result;
  };
  return [result, run, () => current.current?.stop()];
}

/** The files that a task sees: what was given, and what the learner has solved. */
function filesOf({ solved, usesReference }: Progress): Record<string, string> {
  return { ...givenFiles, ...(usesReference ? {} : solved) };
}

/** A piece of code to change and run. */
export function Cell({
  code,
  label,
  progress,
}: {
  readonly code: string;
  readonly label: string;
  readonly progress: Progress;
}) {
  const [source, setSource] = useState(code);
  const [result, run, stop] = useRun();
  const isRunning = result?.state === "running";
  const submit = (): void => {
    void run({ kind: "run", name: "cell", files: { ...filesOf(progress), cell: source } });
  };
  return (
    <div class="code">
      <Editor
        label={label}
        source={source}
        mistake={placed(result, "cell", source)}
        onChange={setSource}
        onRun={submit}
      />
      <div class="bar">
        <button type="button" data-action="run" onClick={isRunning ? stop : submit}>
          {isRunning ? "Stop" : "Run"}
        </button>
        {source !== code && (
          <button type="button" onClick={() => setSource(code)}>
            As it was
          </button>
        )}
        <Imports source={source} progress={progress} />
      </div>
      <Output result={result} />
    </div>
  );
}

/** A file that is given: to be read. */
export function GivenFile({ name, code }: { readonly name: string; readonly code: string }) {
  return (
    <figure class="code given">
      <figcaption>
        <code>{name}.js</code>
      </figcaption>
      <Listing code={code} label={`${name}.js`} />
    </figure>
  );
}

interface ExerciseProps {
  readonly exercise: Exercise;
  readonly progress: Progress;
  readonly onProgress: (change: (progress: Progress) => Progress) => void;
}

/** A file to be written, with its check, hints and solution. */
export function ExerciseTask({ exercise, progress, onProgress }: ExerciseProps) {
  const { name, starter, hints, solution } = exercise;
  const source = progress.drafts[name] ?? starter;
  const [result, run, stop] = useRun();
  const [hinted, setHinted] = useState(0);
  const [reveal, setReveal] = useState<"hidden" | "asked" | "shown">("hidden");
  const isRunning = result?.state === "running";
  const isSolved = progress.solved[name] !== undefined;
  const write = (text: string): void =>
    onProgress((progress) => ({ ...progress, drafts: { ...progress.drafts, [name]: text } }));
  const submit = async (): Promise<void> => {
    const checked = source;
    const { state, problem } = await run({
      kind: "check",
      name,
      files: { ...filesOf(progress), [name]: checked },
    });
    if (state === "ended" && problem === null)
      onProgress((progress) => ({ ...progress, solved: { ...progress.solved, [name]: checked } }));
  };
  return (
    <section
      class={`code exercise${isSolved ? " solved" : ""}`}
      aria-label={`Exercise ${name}.js`}
      data-exercise={name}
    >
      <p class="file">
        <code>{name}.js</code> {isSolved && <span class="mark">✓ solved</span>}
      </p>
      <Editor
        label={`${name}.js`}
        source={source}
        mistake={placed(result, name, source)}
        onChange={write}
        onRun={() => void submit()}
      />
      <div class="bar">
        <button
          type="button"
          data-action="check"
          class="main"
          onClick={isRunning ? stop : () => void submit()}
        >
          {isRunning ? "Stop" : "Check"}
        </button>
        <button
          type="button"
          data-action="hint"
          disabled={hinted === hints.length}
          onClick={() => setHinted(hinted + 1)}
        >
          {hinted === hints.length ? "No more hints" : `Hint ${hinted + 1} of ${hints.length}`}
        </button>
        <button
          type="button"
          data-action="solution"
          aria-expanded={reveal !== "hidden"}
          onClick={() => setReveal(reveal === "hidden" ? "asked" : "hidden")}
        >
          {reveal === "shown" ? "Hide the solution" : "Solution"}
        </button>
        {source !== starter && (
          <button type="button" data-action="again" onClick={() => write(starter)}>
            Start again
          </button>
        )}
        <Imports source={source} progress={progress} />
      </div>
      <Output result={result} checked={name} />
      <div aria-live="polite">
        {hints.slice(0, hinted).map((hint, i) => (
          <div
            key={hint}
            class="hint"
            data-hint={i + 1}
            dangerouslySetInnerHTML={{ __html: `<strong>Hint ${i + 1}</strong> ${hint}` }}
          />
        ))}
        {reveal === "asked" && (
          <p class="hint">
            {hinted < hints.length ? "There are hints that you have not seen. " : ""}Show the solution all the
            same?{" "}
            <button type="button" data-action="reveal" onClick={() => setReveal("shown")}>
              Show it
            </button>{" "}
            <button type="button" onClick={() => setReveal("hidden")}>
              Not yet
            </button>
          </p>
        )}
        {reveal === "shown" && (
          <div class="hint">
            <Listing code={solution} label={`Solution of ${name}.js`} />
            <button type="button" data-action="take" onClick={() => write(solution)}>
              Put it into the editor
            </button>
          </div>
        )}
      </div>
    </section>
  );
}

/** Which files the code imports, and whose they are. */
function Imports({ source, progress }: { readonly source: string; readonly progress: Progress }) {
  const names = [...source.matchAll(/from "\.\/([\w-]+)\.js"/g)].map(([, name]) => name);
  const own = names.filter((name) => !progress.usesReference && progress.solved[name] !== undefined);
  if (names.length === 0) return null;
  return (
    <span class="imports">
      {own.length === 0
        ? "Imports the reference solutions."
        : own.length === names.length
          ? "Imports your own files."
          : `Imports your own ${own.join(", ")}, and the reference solutions of the rest.`}
    </span>
  );
}

/** What was printed, and how it ended. */
function Output({ result, checked }: { readonly result: Result | null; readonly checked?: string }) {
  const lines = result?.lines ?? [];
  const text = lines.filter((line) => !line.startsWith("<svg"));
  return (
    <div class="output">
      {text.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keyboard
        <pre data-printed tabIndex={0}>
          {text.join("\n")}
        </pre>
      )}
      {lines
        .filter((line) => line.startsWith("<svg"))
        .map((svg, i) => (
          <img key={i} alt={titleOf(svg)} src={`data:image/svg+xml,${encodeURIComponent(svg)}`} />
        ))}
      <p
        role="status"
        class={`verdict ${result === null ? "" : verdictOf(result, checked)}`}
        data-verdict={result === null ? undefined : verdictOf(result, checked)}
      >
        {result === null ? "" : sayResult(result, checked)}
      </p>
    </div>
  );
}

function verdictOf({ state, problem }: Result, checked?: string): string {
  if (state !== "ended") return state;
  return problem !== null ? "wrong" : checked === undefined ? "ended" : "right";
}

function sayResult(result: Result, checked?: string): string {
  const { state, problem, lines } = result;
  if (state === "running") return checked === undefined ? "Running …" : "Checking …";
  if (state === "stopped") return "Stopped.";
  if (problem !== null)
    return `${problem.place === null ? "" : `${problem.place.file === "cell" ? "" : `${problem.place.file}.js, `}line ${problem.place.line}: `}${problem.message}`;
  if (checked !== undefined) return `Right. What imports ${checked}.js now gets yours.`;
  return lines.length === 0 ? "It ran, and printed nothing." : "It ran to its end.";
}

/** The mistake of a result, where it stands in this file. */
function placed(
  result: Result | null,
  file: string,
  source: string,
): { message: string; place: Place } | null {
  const problem = result?.problem ?? null;
  if (problem?.place?.file !== file) return null;
  const lines = source.split("\n");
  const line = Math.min(problem.place.line, lines.length) - 1;
  const before = lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
  const indent = lines[line].length - lines[line].trimStart().length;
  return { message: problem.message, place: { start: before + indent, end: before + lines[line].length } };
}

/** Code in colours, to be read. */
function Listing({ code, label }: { readonly code: string; readonly label: string }) {
  const pieces: preact.JSX.Element[] = [];
  let at = 0;
  for (const { start, end, name } of markCode(code).toSorted((a, b) => a.start - b.start)) {
    pieces.push(<span key={at}>{code.slice(at, start)}</span>);
    pieces.push(
      <span key={`${start} ${name}`} class={name}>
        {code.slice(start, end)}
      </span>,
    );
    at = end;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keyboard
    <pre class="listing" tabIndex={0} title={label}>
      {pieces}
      {code.slice(at)}
    </pre>
  );
}

const titleOf = (svg: string): string => /<title>([^<]*)<\/title>/.exec(svg)?.[1] ?? "A figure";
