/**
 * The sixth stage, of programs for several threads: what is left beside the blocks of a batch is shared out. Instructions that need
 * nothing of each other become tasks, and large ones several.
 */

import { Group, type Ids, splitOf, temporary } from "./block.ts";
import type { Instruction, Phase, Step, Tasks } from "./lower.ts";

/** The phases with tasks for threads; buffers get the numbers from `bufferCount` on. */
export function share(phases: readonly Phase[], bufferCount: number, threads: number): Phase[] {
  const context = { threads, ids: { next: bufferCount } };
  return phases.map((phase) => ({ ...phase, instructions: shared(phase.instructions, context) }));
}

/** In nanoseconds: less work than `least` is done sooner than shared, and a task takes `leastTask`. Tests set them low. */
export const TASK_LIMITS: { least: number; leastTask: number } = { least: 20_000, leastTask: 8000 };

interface Context {
  readonly threads: number;
  readonly ids: Ids;
}

/** A large instruction becomes so many tasks for each thread, so that a slower one gets fewer. */
const TASKS_EACH = 2;

function shared(steps: readonly Step[], context: Context): Step[] {
  const result: Step[] = [];
  let group = new Group();
  const close = (): void => {
    result.push(...tasksOf(group.instructions, context));
    group = new Group();
  };
  for (const step of steps) {
    if (step.kind === "blocks" || step.kind === "tasks" || group.meets(step)) close();
    if (step.kind === "blocks" || step.kind === "tasks") result.push(step);
    else group.add(step);
  }
  close();
  return result;
}

/** Instructions that need nothing of each other as tasks, the longest first; as they are where they take too little time. */
function tasksOf(instructions: readonly Instruction[], context: Context): Step[] {
  const total = instructions.reduce((sum, instruction) => sum + nanoseconds(instruction), 0);
  const tasks = instructions.flatMap((instruction) => piecesOf(instruction, context));
  if (total < TASK_LIMITS.least || tasks.length < 2) return [...instructions];
  tasks.sort((a, b) => nanoseconds(b) - nanoseconds(a));
  const step: Tasks = {
    kind: "tasks",
    tasks,
    outputs: tasks.flatMap(({ outputs }) => [...outputs]),
    operands: tasks.flatMap(({ operands }) => [...operands]),
  };
  return [step];
}

/** An instruction by its rows, or by what lies in one. */
function piecesOf(instruction: Instruction, { threads, ids }: Context): Instruction[] {
  const rows = rowsOf(instruction);
  const split = rows === 0 ? null : splitOf(instruction, rows, ids);
  const most = Math.min(TASKS_EACH * threads, Math.floor(nanoseconds(instruction) / TASK_LIMITS.leastTask));
  if (split === null || split.reduced !== null || most < 2) return [instruction];
  const size = 4 * Math.ceil(rows / (4 * most));
  const pieces: Instruction[] = [];
  for (let done = 0; done < rows; done += size) {
    const piece = split.slice(
      Math.min(size, rows - done),
      (place, step) => ({ ...place, offset: place.offset + done * step }),
      { done, advance: 0 },
    );
    pieces.push(piece.kind === "fold" ? { ...piece, accumulators: temporary(2 * piece.rows, ids) } : piece);
  }
  return pieces;
}

/** How many rows an instruction has, each by itself; 0 where it has none. */
function rowsOf(instruction: Instruction): number {
  switch (instruction.kind) {
    case "loop":
      return instruction.rows > 1 ? instruction.rows : instruction.columns;
    case "product":
      return instruction.m;
    case "fold":
      return instruction.over === "rows" && instruction.part === undefined ? instruction.rows : 0;
    case "fill":
      return instruction.count;
    default:
      return 0;
  }
}

/** About how long an instruction takes. */
function nanoseconds(instruction: Instruction): number {
  switch (instruction.kind) {
    case "product":
      return (instruction.m * instruction.n * instruction.k) / 20;
    case "loop":
      return instruction.rows * instruction.columns * instruction.outputs.length;
    case "fold":
      return instruction.part === undefined ? instruction.rows * instruction.columns : 0;
    case "fill":
      return 3 * instruction.count;
    case "copy":
      return instruction.sizes.reduce((product, size) => product * size, 1);
    default:
      return instruction.outputs[0].buffer.size / 4;
  }
}
