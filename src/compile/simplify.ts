/** The second stage drops what nobody reads: of every rule the engine computes what it is asked for, and not all of it is used. */

import type { Buffer, Statement } from "./program.ts";
import type { Trace } from "./trace.ts";

/** The statements whose effect can be seen after the call. */
export function simplify({ statements, results, gradients }: Trace): Statement[] {
  const needed = new Set<Buffer>();
  for (const result of results) if (result.kind === "view") needed.add(result.view.buffer);
  for (const gradient of gradients.values()) if (gradient !== null) needed.add(gradient.buffer);
  const kept: Statement[] = [];
  for (const statement of statements.toReversed()) {
    if (!isNeeded(statement, needed)) continue;
    for (const { buffer } of [...statement.operands, ...statement.outputs]) needed.add(buffer);
    kept.push(statement);
  }
  return kept.reverse();
}

function isNeeded({ kind, outputs }: Statement, needed: ReadonlySet<Buffer>): boolean {
  if (kind === "work" || kind === "draw") return true;
  return outputs.some(
    ({ buffer }) =>
      needed.has(buffer) || buffer.source.kind === "captured" || buffer.source.kind === "argument",
  );
}
