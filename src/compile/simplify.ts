/**
 * The second stage drops what nobody reads: of every rule the engine computes what it is asked for, and not all of it is used. And
 * it takes products with an activation apart, so that the activation can be one sweep with what follows.
 */

import { backend, type Expression, type Expressions, oncePer } from "../kernels/index.ts";
import type { ElementwiseCall, MatmulCall } from "../kernels/watch.ts";
import { isLowerable } from "./layout.ts";
import {
  type Buffer,
  isBarrier,
  isOutside,
  type KernelStatement,
  type Statement,
  type View,
} from "./program.ts";
import type { Trace } from "./trace.ts";

/** The statements whose effect can be seen after the call. */
export function simplify(trace: Trace): Statement[] {
  const { statements, results } = trace;
  const needed = new Set<Buffer>();
  for (const result of results) if (result.kind === "view") needed.add(result.view.buffer);
  for (const { buffer } of gradientsOf(trace)) needed.add(buffer);
  const kept: Statement[] = [];
  for (const statement of statements.toReversed()) {
    if (!isNeeded(statement, needed)) continue;
    for (const { buffer } of [...statement.operands, ...statement.outputs]) needed.add(buffer);
    kept.push(...apart(statement).reverse());
  }
  return kept.reverse();
}

/** The gradients that can be seen after the call, also after one that the host has ended by an error. */
export function gradientsOf({ statements, gradients }: Trace): View[] {
  const maps = statements.flatMap((statement) => (isBarrier(statement) ? [statement.gradients] : []));
  return [...maps, gradients].flatMap((map) => [...map.values()].filter((view) => view !== null));
}

function isNeeded({ kind, outputs }: Statement, needed: ReadonlySet<Buffer>): boolean {
  // Code of an operation's own may throw.
  if (kind !== "kernel") return true;
  return outputs.some(({ buffer }) => needed.has(buffer) || isOutside(buffer));
}

/** A product with an activation as a product, and the activation in place. */
function apart(statement: Statement): Statement[] {
  if (statement.kind !== "kernel" || statement.call.kind !== "matmul" || !isLowerable(statement))
    return [statement];
  const { call } = statement;
  if (call.key === undefined) return [statement];
  const [m, n] = call.shape;
  const [output] = statement.outputs;
  const inPlace = { ...output, strides: [n, 1] };
  const product: MatmulCall = { ...call, key: undefined };
  const sweep: ElementwiseCall = {
    kind: "elementwise",
    ...activated(call.key),
    shape: [m, n],
    outputs: [],
    operands: [],
  };
  const activation: KernelStatement = {
    kind: "kernel",
    call: sweep,
    outputs: [inPlace],
    operands: [inPlace],
    draw: -1,
  };
  return [{ ...statement, call: product }, activation];
}

/** An activation as an elementwise kernel, the same one each time. */
const activated = /* @__PURE__ */ oncePer((activation: Expression): Pick<ElementwiseCall, "key" | "run"> => {
  const key: Expressions = (m, x) => [activation(m, x)];
  const kernel = backend.elementwise(key, 1);
  return { key, run: ({ shape, outputs, operands }) => kernel(shape, outputs, operands) };
});
