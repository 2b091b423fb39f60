/** Runs tasks in workers, one for each, so that whatever a learner writes can be stopped. */

import type { Problem } from "./modules.ts";
import type { Report, Task } from "./worker.ts";

/** How a task came out. */
export type Outcome = { readonly problem: Problem | null } | "stopped";

/** A task that runs. */
export interface Run {
  readonly outcome: Promise<Outcome>;
  /** Ends it at once, an endless loop too. */
  stop(): void;
}

/** Starts a task. */
export function start(task: Task, print: (line: string) => void): Run {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  let settle!: (outcome: Outcome) => void;
  const outcome = new Promise<Outcome>((resolve) => {
    settle = (outcome) => {
      worker.terminate();
      resolve(outcome);
    };
  });
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.kind === "print") print(data.line);
    else settle({ problem: data.problem });
  };
  // What is thrown behind the task's back, by a timer for instance; or the worker could not be loaded.
  worker.onerror = (event) => {
    event.preventDefault();
    settle({ problem: { message: event.message || "The code could not be run.", place: null } });
  };
  worker.postMessage(task);
  return { outcome, stop: () => settle("stopped") };
}
