/** What one can try beside stepping: predict, nudge a leaf, descend, another order, the story of a node, and exports. */

import { type Node, type Tensor, tapeToDot, tapeToSvg, tensor } from "halograd";
import { Adam, type Optimizer, SGD } from "halograd/optim";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Choice } from "../site/controls.tsx";
import { show } from "../site/numbers.ts";
import { Plot } from "../site/plot.tsx";
import { localFormula, Maths } from "./explanation.tsx";
import { exportCode, type Target } from "./exports.ts";
import { eagerOrder, rightOrder, walkInOrder } from "./order.ts";
import { choices, judge, type Question, type Verdict } from "./predict.ts";
import { type Run, runProgram, type Values } from "./program.ts";
import { callOf, elementsOf, listOf, nameOfResult, parenthesised, placeOf, type Recording } from "./steps.ts";
import { TensorTable } from "./tensor-view.tsx";

// ---- predict

interface PredictionProps {
  readonly recording: Recording;
  readonly question: Question;
  readonly onAnswered: () => void;
}

export function Prediction({ recording: { nameOf }, question, onAnswered }: PredictionProps) {
  const { contribution, element, asksTotal } = question;
  const [text, setText] = useState("");
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const { node, target } = contribution;
  const name = nameOf(target.output) + placeOf(element, target.output.shape);
  const check = (value: number): void => {
    const judged = judge(question, value);
    setVerdict(judged);
    if (judged.mistake === "none") onAnswered();
  };
  const isTensor = target.output.size > 1;
  const formula = localFormula(contribution, nameOf);
  const numbers = (value: Tensor): string =>
    value.size === 1 ? show(elementsOf(value)[0]) : listOf(value, 8);
  return (
    <form
      class="panel prediction"
      aria-label="Prediction"
      onSubmit={(event) => {
        event.preventDefault();
        check(text.trim() === "" ? Number.NaN : Number(text.replace("−", "-").replace(",", ".")));
      }}
    >
      <h2>Predict</h2>
      <p>
        {nameOf(node.output)} = {callOf(node, nameOf)}.{" "}
        {asksTotal
          ? `${show(elementsOf(contribution.before!)[element])} has reached ${name} so far. What is its gradient after this step?`
          : `What does it contribute to the gradient of ${name}?`}
      </p>
      <p>
        Operands: {node.inputs!.map((input) => `${nameOf(input)} = ${numbers(input)}`).join("; ")}. Cotangent
        of {nameOf(node.output)}: {numbers(contribution.cotangent)}.
      </p>
      <details>
        <summary>A hint</summary>
        {formula === null ? (
          <p>Which elements of the result did this element move, and how fast?</p>
        ) : (
          <p>
            The cotangent of {nameOf(node.output)} times the local derivative,{" "}
            <Maths>{formula.toMathML()}</Maths>
            {isTensor && ", added up over every use of the element"}.
          </p>
        )}
      </details>
      {isTensor && (
        <fieldset class="choices">
          <legend>Choose</legend>
          {choices(question).map((value) => (
            <button key={value} type="button" onClick={() => check(value)}>
              {show(value)}
            </button>
          ))}
        </fieldset>
      )}
      <label>
        {isTensor ? "or type it" : "Your answer"}{" "}
        <input
          value={text}
          inputMode="text"
          autocomplete="off"
          name="prediction"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>{" "}
      <button type="submit">Check</button>{" "}
      <button type="button" onClick={onAnswered}>
        Show me
      </button>
      <p role="status" class={`verdict ${verdict?.mistake ?? ""}`} data-mistake={verdict?.mistake}>
        {verdict?.message}
      </p>
    </form>
  );
}

// ---- nudge

/** The result with one element of a leaf moved. Null where the program then fails. */
function nudged(run: Run, values: Values, name: string, element: number, by: number): number | null {
  const elements = elementsOf(run.leaves.get(name)!);
  elements[element] += by;
  try {
    return runProgram(run.source, new Map([...values, [name, elements]])).result.item();
  } catch {
    return null;
  }
}

export function Nudge({ recording, values }: { readonly recording: Recording; readonly values: Values }) {
  const { run } = recording;
  const leaves = [...run.leaves.keys()];
  const [chosen, setName] = useState("");
  const [wanted, setElement] = useState(0);
  const [by, setBy] = useState(0.1);
  const name = run.leaves.has(chosen) ? chosen : leaves[0];
  const leaf = run.leaves.get(name)!;
  const element = Math.min(wanted, leaf.size - 1);
  const at = elementsOf(leaf)[element];
  const reach = Math.max(0.5, Math.abs(at) / 2);
  const result = nameOfResult(run);
  const value = run.result.item();
  const slope = leaf.grad === null ? 0 : elementsOf(leaf.grad)[element];
  // A program of many operations gets fewer points, so that no frame is late.
  const curve = useMemo(() => {
    const count = Math.max(9, Math.min(41, Math.floor(2000 / recording.nodes.length)));
    return Array.from({ length: count }, (_, i): [number, number] => {
      const x = -reach + (2 * reach * i) / (count - 1);
      return [x, nudged(run, values, name, element, x) ?? Number.NaN];
    });
  }, [run, values, name, element, reach]);
  const moved = nudged(run, values, name, element, by);
  return (
    <div class="panel">
      <p>
        <Choice label="Leaf" value={name} options={leaves} onChange={setName} />{" "}
        {leaf.size > 1 && (
          <label>
            Element{" "}
            <select
              value={String(element)}
              onChange={(event) => setElement(Number(event.currentTarget.value))}
            >
              {elementsOf(leaf).map((value, i) => (
                <option key={i} value={i}>
                  {placeOf(i, leaf.shape)} = {show(value)}
                </option>
              ))}
            </select>
          </label>
        )}
      </p>
      <label class="wide">
        Nudge {show(by)}
        <input
          type="range"
          name="nudge"
          min={-reach}
          max={reach}
          step={reach / 100}
          value={by}
          onInput={(event) => setBy(Number(event.currentTarget.value))}
        />
      </label>
      <Plot
        label={`${result} over the nudge, and its tangent`}
        lines={[
          { name: "value", points: curve },
          {
            name: "tangent",
            points: [
              [-reach, value - slope * reach],
              [reach, value + slope * reach],
            ],
          },
        ]}
        point={moved === null ? undefined : [by, moved]}
      />
      <dl class="sum">
        <dt>change of {result}</dt>
        <dd data-change>{moved === null ? "the program fails there" : show(moved - value)}</dd>
        <dt>gradient × nudge</dt>
        <dd data-linear>
          {show(slope)} × {parenthesised(by)} = {show(slope * by)}
        </dd>
        <dt>what the tangent misses</dt>
        <dd>{moved === null ? "" : show(moved - value - slope * by)}</dd>
      </dl>
    </div>
  );
}

// ---- descend

interface DescendProps {
  readonly run: Run;
  readonly values: Values;
  readonly onValues: (values: Values) => void;
}

const METHODS = { SGD, Adam };
type Method = keyof typeof METHODS;
const RATES = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5];

interface Descent {
  readonly optimizer: Optimizer;
  readonly parameters: ReadonlyMap<string, Tensor>;
}

export function Descend({ run, values, onValues }: DescendProps) {
  const [method, setMethod] = useState<Method>("SGD");
  const [rate, setRate] = useState(0.05);
  const [losses, setLosses] = useState<readonly number[]>([]);
  const descent = useRef<Descent | null>(null);
  const shape = `${run.source}|${method}|${rate}`;
  useEffect(() => {
    descent.current = null;
    setLosses([]);
  }, [shape]);

  const step = (count: number): void => {
    if (descent.current === null) {
      const parameters = new Map(
        [...run.leaves].map(([name, leaf]) => [
          name,
          tensor(elementsOf(leaf), leaf.shape, { requiresGrad: true }),
        ]),
      );
      descent.current = {
        parameters,
        optimizer: new METHODS[method]([...parameters.values()], { learningRate: rate }),
      };
    }
    const { parameters, optimizer } = descent.current;
    const seen = [...losses];
    let next: Values = values;
    for (let i = 0; i < count; i++) {
      let current: Run;
      try {
        current = runProgram(run.source, next);
        current.result.backward();
      } catch {
        break;
      }
      if (seen.length === 0) seen.push(current.result.item());
      for (const [name, parameter] of parameters) parameter.grad = current.leaves.get(name)?.grad ?? null;
      optimizer.step();
      next = new Map([...parameters].map(([name, parameter]) => [name, elementsOf(parameter)]));
      try {
        seen.push(runProgram(run.source, next).result.item());
      } catch {
        break;
      }
    }
    setLosses(seen);
    onValues(next);
  };
  const reset = (): void => {
    descent.current = null;
    setLosses([]);
    onValues(new Map());
  };
  const result = nameOfResult(run);
  const last = losses[losses.length - 1] ?? run.result.item();
  return (
    <div class="panel">
      <p>
        <Choice
          label="Method"
          value={method}
          options={Object.keys(METHODS) as Method[]}
          onChange={setMethod}
        />{" "}
        <Choice label="Learning rate" value={rate} options={RATES} onChange={setRate} />
      </p>
      <p>
        <button type="button" onClick={() => step(1)}>
          One step
        </button>{" "}
        <button type="button" onClick={() => step(10)}>
          Ten steps
        </button>{" "}
        <button type="button" onClick={reset}>
          Back to the program's numbers
        </button>
      </p>
      <p role="status" data-loss={last}>
        {result} = {show(last)} after {Math.max(0, losses.length - 1)} steps. Each leaf moves against its
        gradient; the graph shows the new numbers.
      </p>
      {losses.length > 1 && (
        <Plot
          label={`${result} over steps`}
          lines={[{ name: "loss", points: losses.map((loss, i) => [i, loss]) }]}
          point={[losses.length - 1, last]}
        />
      )}
    </div>
  );
}

// ---- another order

export function Order({ recording }: { readonly recording: Recording }) {
  const { nameOf, nodes } = recording;
  const right = useMemo(() => rightOrder(recording), [recording]);
  const [order, setOrder] = useState(right);
  useEffect(() => setOrder(right), [right]);
  const valid = order.every((node) => right.includes(node)) ? order : right;
  const walked = useMemo(() => walkInOrder(recording, valid), [recording, valid]);
  const correct = useMemo(() => walkInOrder(recording, right), [recording]);
  const leaves = nodes.filter(({ operation }) => operation === null);
  const swap = (i: number): void => setOrder(valid.with(i, valid[i + 1]).with(i + 1, valid[i]));
  const uses = (node: Node): number =>
    nodes.reduce((count, { sources }) => count + sources.filter((source) => source === node).length, 0);
  const shared = nodes.filter((node) => node.operation !== null && uses(node) > 1);
  return (
    <div class="panel">
      <p>
        A node hands on what it has received. So it must be visited after everything that uses it: in the
        reverse of the order in which values were computed, all uses come first.{" "}
        {shared.length > 0
          ? `Here ${shared.map((node) => `${nameOf(node.output)} (${uses(node)} uses)`).join(", ")} must wait.`
          : "Here no result is used twice; try the diamond."}
      </p>
      <p>
        <button type="button" onClick={() => setOrder(right)}>
          Right order
        </button>{" "}
        <button type="button" onClick={() => setOrder(eagerOrder(recording))}>
          As soon as something arrives
        </button>{" "}
        <button type="button" onClick={() => setOrder([...right].reverse())}>
          Forward order
        </button>
      </p>
      <ol class="order">
        {valid.map((node, i) => (
          <li key={node.id}>
            {nameOf(node.output)} = {node.operation!.name}
            {i + 1 < valid.length && (
              <button
                type="button"
                aria-label={`Visit ${nameOf(node.output)} after ${nameOf(valid[i + 1].output)}`}
                onClick={() => swap(i)}
              >
                later
              </button>
            )}
          </li>
        ))}
      </ol>
      <p role="status" class={walked.lost.length > 0 ? "mistake" : ""} data-lost={walked.lost.length}>
        {walked.lost.length === 0
          ? "Nothing is lost."
          : `${walked.lost.length} contribution${walked.lost.length > 1 ? "s are" : " is"} lost: ${walked.lost
              .slice(0, 6)
              .map(({ node, target, contribution }) =>
                contribution === null
                  ? `${nameOf(node.output)} was visited before anything had reached it`
                  : `${contribution.size === 1 ? show(elementsOf(contribution)[0]) : "a tensor"} from ${nameOf(node.output)} came to ${nameOf(target.output)} too late`,
              )
              .join("; ")}.`}
      </p>
      <table class="compare">
        <thead>
          <tr>
            <th scope="col">leaf</th>
            <th scope="col">gradient</th>
            <th scope="col">in this order</th>
          </tr>
        </thead>
        <tbody>
          {leaves.map((leaf) => {
            const [wanted, found] = [correct, walked].map(({ gradients }) => gradients.get(leaf));
            const [a, b] = [wanted, found].map((gradient) =>
              gradient === undefined ? "nothing" : elementsOf(gradient).slice(0, 6).map(show).join(", "),
            );
            return (
              <tr key={leaf.id} class={a === b ? "" : "mistake"}>
                <th scope="row">{nameOf(leaf.output)}</th>
                <td>{a}</td>
                <td>{b}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

// ---- the story of a node

interface StoryProps {
  readonly recording: Recording;
  readonly node: Node | null;
  readonly onStep: (count: number) => void;
}

export function Story({ recording, node, onStep }: StoryProps) {
  const { nameOf, steps, run } = recording;
  if (node === null)
    return <p class="panel">Choose a node of the graph: with the mouse, or with Tab and Enter.</p>;
  const name = nameOf(node.output);
  const received = steps.flatMap((step, i) =>
    step.kind === "backward" && step.contribution.target === node ? [{ i, ...step.contribution }] : [],
  );
  const given = steps.flatMap((step, i) =>
    step.kind === "backward" && step.node === node ? [{ i, ...step.contribution }] : [],
  );
  const computed = steps.findIndex((step) => step.kind === "forward" && step.node === node);
  const place = run.places.get(node);
  const total = received[received.length - 1]?.total ?? null;
  return (
    <div class="panel story" data-story={name}>
      <h3>{name}</h3>
      <p>
        {node.operation === null ? "A leaf: a number of the program." : callOf(node, nameOf)}
        {node.scope !== "" && `, part of ${node.scope}`}
        {place !== undefined && (
          <>
            , written <code>{run.source.slice(place.start, place.end)}</code>
          </>
        )}
      </p>
      {computed >= 0 && (
        <p>
          <button type="button" onClick={() => onStep(computed + 1)}>
            Computed in step {computed + 1}
          </button>
        </p>
      )}
      <div class="tensors">
        <TensorTable value={node.output} label="value" />
        {total !== null && <TensorTable value={total} label="gradient" />}
      </div>
      <p>
        {received.length === 0
          ? node.output === run.result
            ? "The result: its cotangent is 1."
            : "It receives nothing."
          : `It receives ${received.length} contribution${received.length > 1 ? "s" : ""}:`}
      </p>
      <ul>
        {received.map(({ i, node: from, contribution }) => (
          <li key={i}>
            <button type="button" onClick={() => onStep(i + 1)}>
              Step {i + 1}
            </button>{" "}
            from {nameOf(from.output)} = {from.operation!.name}: {summary(contribution)}
          </li>
        ))}
      </ul>
      {given.length > 0 && <p>It hands on:</p>}
      <ul>
        {given.map(({ i, target, contribution }) => (
          <li key={i}>
            <button type="button" onClick={() => onStep(i + 1)}>
              Step {i + 1}
            </button>{" "}
            to {nameOf(target.output)}: {summary(contribution)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function summary(value: Tensor): string {
  return value.rank === 0 ? show(value.item()) : listOf(value, 4);
}

// ---- exports

const FORMATS = ["halograd", "PyTorch", "JAX", "SVG", "DOT"] as const;

export function Exports({ recording: { run } }: { readonly recording: Recording }) {
  const [format, setFormat] = useState<(typeof FORMATS)[number]>("halograd");
  const [copied, setCopied] = useState(false);
  const text = useMemo(() => {
    setCopied(false);
    const names = new Map([...run.names].map(([name, value]) => [value, name]));
    if (format === "SVG") return tapeToSvg(run.result, { names, showValues: true });
    if (format === "DOT") return tapeToDot(run.result, { names, showValues: true });
    return exportCode(run, format.toLowerCase() as Target);
  }, [run, format]);
  const extension = { halograd: "mjs", PyTorch: "py", JAX: "py", SVG: "svg", DOT: "dot" }[format];
  const address = useMemo(
    () => URL.createObjectURL(new Blob([text], { type: format === "SVG" ? "image/svg+xml" : "text/plain" })),
    [text],
  );
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  return (
    <div class="panel">
      <p>
        <Choice label="Format" name="format" value={format} options={FORMATS} onChange={setFormat} />{" "}
        <button
          type="button"
          onClick={() => {
            navigator.clipboard?.writeText(text).then(
              () => setCopied(true),
              () => {},
            );
          }}
        >
          {copied ? "Copied" : "Copy"}
        </button>{" "}
        <a href={address} download={`program.${extension}`}>
          Download
        </a>
      </p>
      <textarea
        readOnly
        aria-label={`The program as ${format}`}
        rows={14}
        value={text}
        data-export={format}
      />
    </div>
  );
}
