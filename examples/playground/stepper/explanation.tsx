/** What a step does: the rule as a formula, the numbers put in, what was there before and what the sum is now. */

import {
  type Contribution,
  derivativeFormula,
  type Formula,
  type Node,
  type Tensor,
  valueFormula,
} from "halograd";
import { useEffect, useMemo, useState } from "preact/hooks";
import { show } from "../site/numbers.ts";
import {
  callOf,
  elementsOf,
  influences,
  metElements,
  operandElement,
  parenthesised,
  placeOf,
  type Recording,
  type Step,
} from "./steps.ts";
import { TensorTable } from "./tensor-view.tsx";

/** MathML that formulas of the engine or the lines below have written: both escape names, so that it is safe as markup. */
export function Maths({ children }: { readonly children: string }) {
  return <math dangerouslySetInnerHTML={{ __html: `<mrow>${children}</mrow>` }} />;
}

const escapeXml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const mi = (name: string): string => `<mi>${escapeXml(name)}</mi>`;
const mo = (sign: string): string => `<mo>${sign}</mo>`;
const mn = (value: number): string =>
  value < 0 ? `<mrow><mo>(</mo><mn>${show(value)}</mn><mo>)</mo></mrow>` : `<mn>${show(value)}</mn>`;
const partial = (of: string, by: string): string =>
  `<mfrac><mrow><mi>∂</mi>${mi(of)}</mrow><mrow><mi>∂</mi>${mi(by)}</mrow></mfrac>`;

/** Names for the operands of a node; numbers stay numbers, so that the formula is simplified with them. */
function operandsOf({ inputs }: Node, nameOf: (value: Tensor) => string): (string | number)[] {
  return inputs!.map((input) => (input.node === null && input.rank === 0 ? input.item() : nameOf(input)));
}

/** The local derivative of a step as a formula; null where it is not elementwise. */
export function localFormula(
  { node, index }: Contribution,
  nameOf: (value: Tensor) => string,
): Formula | null {
  return derivativeFormula(node.operation!, index, operandsOf(node, nameOf));
}

interface OperationRule {
  /** The contribution, as MathML over the cotangent g and the operands. */
  readonly rule: (operands: readonly string[], index: number, node: Node) => string;
  readonly sentence: (index: number, node: Node) => string;
}

const transposed = (name: string): string => `<msup>${mi(name)}<mi>T</mi></msup>`;
/** Of operations that move numbers and change none. */
const passed = (sentence: string): OperationRule => ({ rule: () => mi("g"), sentence: () => sentence });
const view = (how: string): OperationRule =>
  passed(`A view: nothing is copied. Backward, the cotangent is ${how}.`);
const extreme = (which: string): OperationRule =>
  passed(
    `Only the ${which} element has moved the result: it receives the cotangent, equals share it, the rest get 0.`,
  );

/** Rules of operations that are not elementwise, in words. */
const RULES: Record<string, OperationRule> = {
  matmul: {
    rule: ([a, b], index) => (index === 0 ? mi("g") + transposed(b) : transposed(a) + mi("g")),
    sentence: (index) =>
      index === 0
        ? "Element [i, k] of the left operand was multiplied by row k of the right one, into row i of the result. So row i of the cotangent meets row k of the right operand: products, added up."
        : "Element [k, j] of the right operand was multiplied by column k of the left one, into column j of the result. So column k of the left operand meets column j of the cotangent: products, added up.",
  },
  linear: {
    rule: ([x, w], index) =>
      index === 0 ? mi("g") + mi(w) : index === 1 ? transposed("g") + mi(x) : `${mo("∑")}${mi("g")}`,
    sentence: (index) =>
      index === 0
        ? "Row i of the cotangent meets a column of the weight."
        : index === 1
          ? "A column of the cotangent meets a column of x: one term for each row of the batch."
          : "The bias was added to every row, so its contribution is the sum over rows.",
  },
  sum: passed("Each element was added once: each receives the whole cotangent of its sum."),
  sumOfSquares: {
    rule: ([x]) => `<mn>2</mn>${mi(x)}${mi("g")}`,
    sentence: () => "Each element was squared and added: twice the element, times the cotangent of its sum.",
  },
  mean: {
    rule: (_, __, { inputs, output }) => `<mfrac>${mi("g")}<mn>${inputs![0].size / output.size}</mn></mfrac>`,
    sentence: (_, { inputs, output }) =>
      `A mean over ${inputs![0].size / output.size} elements: each receives an equal part of the cotangent.`,
  },
  max: extreme("largest"),
  min: extreme("smallest"),
  mseLoss: {
    rule: ([x, y], index, { inputs }) =>
      `<mfrac><mn>2</mn><mn>${inputs![0].size}</mn></mfrac>${mi("g")}${mo("(")}${mi(index === 0 ? x : y)}${mo("−")}${mi(index === 0 ? y : x)}${mo(")")}`,
    sentence: () => "The mean of squares: twice the difference, divided by the number of elements.",
  },
  reshape: view("laid out in the old shape"),
  permute: view("turned back"),
  expand: view("summed over the repeats"),
  slice: view("put back at its place; every other element gets 0"),
  flip: view("flipped back"),
  clone: passed("A copy: the cotangent passes unchanged."),
  to: passed("Another number format: the cotangent passes, rounded to the operand's format."),
  concat: passed("Each operand receives its own part of the cotangent."),
  cumsum: passed(
    "An element is part of every later total: it receives the running total from the other end.",
  ),
  indexSelect: passed("Each row that was chosen gives its cotangent back; a row chosen twice receives two."),
  indexAdd: passed("Each row receives the cotangent of the place that it was added to."),
};

interface ExplanationProps {
  readonly recording: Recording;
  readonly step: Step | null;
  readonly index: number;
}

export function Explanation({ recording, step, index }: ExplanationProps) {
  if (step === null)
    return (
      <section class="panel explanation" aria-label="Explanation">
        <h2>Nothing is computed yet</h2>
        <p>
          Step forward with <kbd>→</kbd>: first each operation computes its value, then gradients flow back,
          one contribution at a time.
        </p>
        <p>
          New to derivatives? <a href="./tour.html">The tour</a> starts from school mathematics.
        </p>
      </section>
    );
  return (
    <section class="panel explanation" aria-label="Explanation" data-kind={step.kind}>
      {step.kind === "forward" && <Forward recording={recording} node={step.node} />}
      {step.kind === "seed" && <Seed recording={recording} node={step.node} />}
      {step.kind === "backward" && (
        <Backward key={index} recording={recording} contribution={step.contribution} />
      )}
    </section>
  );
}

function Forward({ recording: { nameOf }, node }: { readonly recording: Recording; readonly node: Node }) {
  const { output, inputs } = node;
  const operation = node.operation!;
  const name = nameOf(output);
  const formula = valueFormula(operation, operandsOf(node, nameOf));
  const isView = operation.view !== undefined && inputs![0].storage === output.storage;
  return (
    <>
      <h2>
        Forward: {name} = {callOf(node, nameOf)}
        {node.scope !== "" && <small> in {node.scope}</small>}
      </h2>
      {formula !== null && (
        <p class="formula">
          <Maths>{`${mi(name)}${mo("=")}${formula.toMathML()}${output.size === 1 && inputs!.every(({ size }) => size === 1) ? `${mo("=")}${formula.toMathML(texts(inputs!))}${mo("=")}${mn(elementsOf(output)[0])}` : ""}`}</Maths>
        </p>
      )}
      {isView && <p>A view: it shares memory with {nameOf(inputs![0])}, and nothing is copied.</p>}
      {output.size > 1 && (
        <div class="tensors">
          {inputs!.map((input, i) => (
            <TensorTable key={i} value={input} label={nameOf(input)} />
          ))}
          <TensorTable value={output} label={name} />
        </div>
      )}
    </>
  );
}

function Seed({ recording: { nameOf }, node }: { readonly recording: Recording; readonly node: Node }) {
  const name = nameOf(node.output);
  return (
    <>
      <h2>Backward starts at {name}</h2>
      <p class="formula">
        <Maths>{`${partial(name, name)}${mo("=")}<mn>1</mn>`}</Maths>
      </p>
      <p>
        The cotangent of a value is how fast the result moves with it. The result moves with itself one to
        one. The graph shows cotangents behind ∇. That of a leaf is its gradient.
      </p>
    </>
  );
}

function texts(inputs: readonly Tensor[], at: readonly number[] = inputs.map(() => 0)): string[] {
  return inputs.map((input, i) => show(elementsOf(input)[at[i]]));
}

function Backward({
  recording,
  contribution,
}: {
  readonly recording: Recording;
  readonly contribution: Contribution;
}) {
  const { nameOf, run } = recording;
  const { node, index, target, cotangent, contribution: added, before, total } = contribution;
  const [element, setElement] = useState(0);
  useEffect(() => setElement(0), [contribution]);
  const result = nameOf(node.output);
  const operand = nameOf(target.output);
  const root = nameOf(run.result);
  const formula = useMemo(() => localFormula(contribution, nameOf), [contribution]);
  const rule = RULES[node.operation!.name];
  const terms = useMemo(() => influences(contribution, element), [contribution, element]);
  const isScalar = target.output.size === 1 && node.output.size === 1;
  const value = elementsOf(added)[element];
  const earlier = before === null ? 0 : elementsOf(before)[element];
  const sum = elementsOf(total)[element];
  const wasBroadcast = formula !== null && target.output.size < node.output.size;
  const where = placeOf(element, target.output.shape);
  const names = operandsOf(node, nameOf).map(String);
  const met = metElements(contribution, element, terms ?? []);
  const single = terms?.length === 1 ? terms[0] : null;
  const isRepeated = node.inputs!.filter((input) => input.node === target).length > 1;
  return (
    <>
      <h2>
        Backward: {result} = {callOf(node, nameOf)} contributes to {operand}
        {isRepeated && <small> as operand {index + 1}</small>}
      </h2>
      {formula !== null && (
        <p class="formula" data-formula={String(formula)}>
          <small>local derivative{isRepeated && `, operand ${index + 1} alone`}:</small>{" "}
          <Maths>
            {`${partial(result, operand)}${mo("=")}${formula.toMathML()}${single === null ? "" : putIn(formula, node, names, single.element, single.slope)}`}
          </Maths>
        </p>
      )}
      {formula === null && rule !== undefined && (
        <p class="formula" data-formula={node.operation!.name}>
          <Maths>{`<mtext>contribution</mtext>${mo("=")}${rule.rule(names, index, node)}${mo(",")}${mi("g")}${mo("=")}${partial(root, result)}`}</Maths>
        </p>
      )}
      {isRepeated && (
        <p>
          {operand} is an operand more than once. Here operand {index + 1} moves alone; each operand has a
          contribution of its own.
        </p>
      )}
      {rule !== undefined && <p>{rule.sentence(index, node)}</p>}
      {wasBroadcast && (
        <p>
          {operand} [{target.output.shape.join(", ")}] was broadcast to [{node.output.shape.join(", ")}]: each
          of its elements was used {node.output.size / Math.max(1, target.output.size)} times, and those terms
          are added.
        </p>
      )}
      {!isScalar && (
        <div class="tensors">
          <TensorTable
            value={cotangent}
            label={`cotangent of ${result}`}
            marked={new Set(terms?.map(({ element }) => element))}
          />
          {node.inputs!.map(
            (input, i) =>
              met.has(i) &&
              input.size > 1 && (
                <TensorTable key={i} value={input} label={nameOf(input)} marked={met.get(i)!} />
              ),
          )}
          <TensorTable value={added} label="contribution" selected={element} onSelect={setElement} />
          {before !== null && <TensorTable value={before} label="before" />}
          {before !== null && <TensorTable value={total} label="sum now" />}
        </div>
      )}
      <dl class="sum">
        <dt>contribution{where === "" ? "" : ` to ${operand}${where}`}</dt>
        <dd>
          <Terms terms={terms} shape={node.output.shape} name={result} /> ={" "}
          <output data-contribution>{show(value)}</output>
          <br />
          <small>
            cotangent of {result} × local derivative{terms !== null && terms.length > 1 && ", added up"}
          </small>
        </dd>
        <dt>there before</dt>
        <dd>{before === null ? "nothing" : show(earlier)}</dd>
        <dt>
          <Maths>{partial(root, operand + where)}</Maths> so far
        </dt>
        <dd>
          {before !== null && `${show(earlier)} + ${parenthesised(value)} = `}
          <output data-total>{show(sum)}</output>
        </dd>
      </dl>
      <details>
        <summary>Why this order?</summary>
        <p>{whyNow(recording, node)}</p>
      </details>
    </>
  );
}

/** Why an operation hands on in this step and not before. */
function whyNow({ nodes, nameOf, run }: Recording, node: Node): string {
  const name = nameOf(node.output);
  if (node.output === run.result) return `${name} is the result: its cotangent is known from the start.`;
  const users = nodes.filter(({ sources }) => sources.includes(node)).map(({ output }) => nameOf(output));
  const uses =
    users.length === 1 ? `its only use, ${users[0]}, has` : `all its uses, ${users.join(" and ")}, have`;
  return `${name} hands on what it has received, so it must have received everything: ${uses} contributed by now. A value is computed before it is used, so in reverse every use comes first. The tab Order shows what another order loses.`;
}

/** "= 2 · 3 = 6" for one element of the result, where it says more than the formula did. */
function putIn(
  formula: Formula,
  node: Node,
  names: readonly string[],
  element: number,
  slope: number,
): string {
  const inputs = node.inputs!;
  const at = inputs.map((input) => operandElement(input, node.output.shape, element));
  const written = formula.toMathML(texts(inputs, at));
  if (written === formula.toMathML(names)) return "";
  return `${mo("=")}${written}${written === `<mn>${show(slope)}</mn>` ? "" : `${mo("=")}${mn(slope)}`}`;
}

const MOST_TERMS = 6;

/** cotangent × local derivative, one for each element of the result that was influenced. */
function Terms({
  terms,
  shape,
  name,
}: {
  readonly terms: ReturnType<typeof influences>;
  readonly shape: readonly number[];
  readonly name: string;
}) {
  if (terms === null) return <span>(a sum over more elements than fit here)</span>;
  if (terms.length === 0) return <span>0, as it did not influence the result</span>;
  return (
    <span class="terms">
      {terms.slice(0, MOST_TERMS).map(({ element, cotangent, slope }, i) => (
        <span key={element} title={`cotangent of ${name}${placeOf(element, shape)} × local derivative`}>
          {i > 0 && " + "}
          <b class="cotangent-number">{parenthesised(cotangent)}</b> × {parenthesised(slope)}
        </span>
      ))}
      {terms.length > MOST_TERMS && ` + … (${terms.length} terms)`}
    </span>
  );
}

/** One sentence for those who listen. */
export function announce({ nameOf }: Recording, step: Step | null): string {
  if (step === null) return "Start. Nothing is computed yet.";
  const name = nameOf(step.node.output);
  const say = (value: Tensor): string =>
    value.size === 1 ? show(elementsOf(value)[0]) : `a tensor of shape ${value.shape.join(" by ")}`;
  if (step.kind === "forward")
    return `Forward. ${name} is ${step.node.operation!.name}: ${say(step.node.output)}.`;
  if (step.kind === "seed") return `Backward starts. The cotangent of ${name} is 1.`;
  const { target, contribution, total, before } = step.contribution;
  return `Backward. ${name} contributes ${say(contribution)} to ${nameOf(target.output)}${before === null ? "" : `, which makes ${say(total)}`}.`;
}
