/**
 * Runs a learner's code, and checks it. Code is evaluated from text here and nowhere else on the site: pages forbid it, and this worker
 * has no page to change and can be stopped at any time.
 */

import { type Host, type Problem, problemOf, runModule } from "./modules.ts";
import { importPackage } from "./packages.ts";

/** What is to be done. */
export interface Task {
  readonly kind: "run" | "check";
  /** The file to start with. */
  readonly name: string;
  /** The code of all files. */
  readonly files: Readonly<Record<string, string>>;
}

/** What is sent back: lines as they are printed, then the end. */
export type Report =
  | { readonly kind: "print"; readonly line: string }
  | { readonly kind: "end"; readonly problem: Problem | null };

/** More lines than this are left out: a loop that prints must not fill the memory of the page. */
const MOST_LINES = 500;

const send = (report: Report): void => postMessage(report);

addEventListener("message", async ({ data: { kind, name, files } }: MessageEvent<Task>) => {
  let lines = 0;
  const host: Host = {
    source: (file) => (Object.hasOwn(files, file) ? files[file] : null),
    package: importPackage,
    print(line) {
      lines++;
      if (lines <= MOST_LINES) send({ kind: "print", line });
      else if (lines === MOST_LINES + 1) send({ kind: "print", line: "… more lines are left out" });
    },
  };
  if (kind === "run") {
    const problem = await runModule(name, host).then(() => null, problemOf);
    send({ kind: "end", problem });
  } else {
    const { checkExercise } = await import("./checks/index.ts");
    send({ kind: "end", problem: await checkExercise(name, host) });
  }
});
