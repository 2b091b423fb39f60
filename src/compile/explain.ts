/** What has become of a compiled function: for people who wonder why it is fast, or is not. */

import type { Instruction, Step } from "./lower.ts";
import { nameOf, showProgram } from "./program.ts";
import type { Executable } from "./run.ts";
import { crewRefusal } from "./threads.ts";

/** What `explain()` returns; as text it is a report. */
export interface Explanation {
  /** How many calls ran eagerly, were watched, and ran what was compiled. */
  readonly calls: { readonly eager: number; readonly watched: number; readonly compiled: number };
  /** Why the last call that ran eagerly did; null where none had to. */
  readonly reason: string | null;
  /** How many threads were asked for, and why there are fewer; null where there are as many, or nothing to share out. */
  readonly threads: { readonly asked: number; readonly refusal: string | null };
  /** What was compiled, one for each version. */
  readonly programs: readonly ProgramExplanation[];
  /** All of it as text. */
  toString(): string;
}

/** What one compiled version does. */
export interface ProgramExplanation {
  /** Kernels that the function ran when it was watched. */
  readonly kernels: number;
  /** How many threads are there to run it now. Workers take a moment to start, and small programs have none. */
  readonly threads: number;
  /** What they have become: `passes.loop` sweeps over memory, and folds, products, fills with random numbers and copies. */
  readonly passes: {
    readonly loop: number;
    readonly fold: number;
    readonly product: number;
    readonly fill: number;
    readonly copy: number;
    readonly zero: number;
  };
  /** Kernels that became part of a sweep with others. */
  readonly fused: number;
  /** What the host does in each call: names of operations, and "work of the host" for schedules, optimisers and clipping. */
  readonly onHost: readonly string[];
  /** The memory that is reserved, in bytes. */
  readonly bytes: number;
  /** Of these the memory of temporaries, and what they would take without sharing it. */
  readonly temporaryBytes: { readonly shared: number; readonly apart: number };
  /** The size of the module, in bytes. */
  readonly moduleBytes: number;
  /** The statements of the function as they were traced, and what was left of them after they were simplified and fused, as text. */
  readonly statements: { readonly traced: string; readonly fused: string };
  /** One line for each pass, in order. */
  readonly listing: readonly string[];
}

/** Explains a family of programs. */
export function explain(family: {
  readonly calls: Explanation["calls"];
  readonly reason: string | null;
  readonly threads: number;
  readonly programs: readonly Executable[];
}): Explanation {
  const programs = family.programs.map(explainProgram);
  const { reason, threads: asked } = family;
  const threads = { asked, refusal: asked === 1 ? null : crewRefusal() };
  const explanation = { calls: { ...family.calls }, reason, threads, programs };
  return { ...explanation, toString: () => report(explanation) };
}

function explainProgram({
  stages: { trace, statements, phases, plan },
  moduleBytes,
  threads,
}: Executable): ProgramExplanation {
  const instructions = phases.flatMap(({ instructions }) =>
    instructions
      .flatMap((step): readonly Instruction[] => {
        if (step.kind === "tasks") return step.tasks;
        return step.kind === "blocks" ? step.body : [step];
      })
      .filter((step) => step.kind !== "fold" || (step.part !== "start" && step.part !== "finish")),
  );
  const passes = { loop: 0, fold: 0, product: 0, fill: 0, copy: 0, zero: 0 };
  for (const { kind } of instructions) passes[kind]++;
  const parts = instructions.map((instruction) => (instruction.kind === "loop" ? instruction.parts : 1));
  const onHost = phases.flatMap(({ prelude, host }) => [
    ...prelude.filter(({ kind }) => kind === "work").map(() => "work of the host"),
    ...(host === null ? [] : [nameOf(host)]),
  ]);
  return {
    kernels: trace.statements.filter(({ kind }) => kind === "kernel" || kind === "operation").length,
    threads,
    passes,
    fused: parts.reduce((sum, count) => sum + (count > 1 ? count : 0), 0),
    onHost,
    bytes: plan.bytes,
    temporaryBytes: plan.temporaryBytes,
    moduleBytes,
    statements: { traced: showProgram(trace.statements), fused: showProgram(statements) },
    listing: phases.flatMap(({ instructions, host }) => [
      ...instructions.flatMap(linesOf),
      ...(host === null ? [] : [`host: ${nameOf(host)}`]),
    ]),
  };
}

function linesOf(step: Step): string[] {
  if (step.kind === "tasks")
    return [`shared by threads:`, ...step.tasks.map((instruction) => `  ${lineOf(instruction)}`)];
  if (step.kind !== "blocks") return [lineOf(step)];
  const { rows, count, body, rest, ordered } = step;
  const left = rest.length > 0 ? ", and for those that are left" : "";
  const by = step.isShared ? ", shared by threads" : "";
  return [
    `${count} times for ${rows} rows${left}${by}:`,
    ...body.map((instruction, i) => `  ${lineOf(instruction)}${ordered.has(i) ? ", in order" : ""}`),
  ];
}

function lineOf(instruction: Instruction): string {
  switch (instruction.kind) {
    case "loop": {
      const { rows, columns, operands, outputs, parts } = instruction;
      const kernels = parts === 1 ? "1 kernel" : `${parts} kernels`;
      return `loop ${rows} × ${columns}: ${kernels}, reads ${operands.length}, writes ${outputs.length}`;
    }
    case "fold":
      if (instruction.part === "start") return "set the accumulators of a fold";
      if (instruction.part === "finish") return "join the accumulators of a fold";
      return `fold ${instruction.rows} × ${instruction.columns} over ${instruction.over}`;
    case "product":
      return `product [${instruction.m}, ${instruction.k}] × [${instruction.k}, ${instruction.n}]`;
    case "fill":
      return `${instruction.distribution} numbers: ${instruction.count}`;
    case "copy":
      return `copy ${instruction.sizes.join(" × ") || "1"}`;
    default:
      return `zeros: ${instruction.outputs[0].buffer.size}`;
  }
}

function report({
  calls: { eager, watched, compiled },
  reason,
  threads: { refusal },
  programs,
}: Omit<Explanation, "toString">): string {
  const lines = [`${compiled} calls compiled, ${watched} watched, ${eager} eager`];
  if (reason !== null) lines.push(`ran eagerly: ${reason}`);
  if (refusal !== null) lines.push(`fewer threads than asked for: ${refusal}`);
  for (const { threads, kernels, passes, fused, bytes, temporaryBytes, listing } of programs) {
    const { loop, fold, product, fill } = passes;
    lines.push(
      `${kernels} kernels in ${listing.length} passes: ${loop} loops (${fused} kernels fused), ${fold} folds, ${product} products, ${fill} fills`,
      ...(threads > 1 ? [`${threads} threads`] : []),
      `${kilobytes(bytes)} reserved, ${kilobytes(temporaryBytes.shared)} of it for temporaries of ${kilobytes(temporaryBytes.apart)}`,
      ...listing.map((line) => `  ${line}`),
    );
  }
  return lines.join("\n");
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
