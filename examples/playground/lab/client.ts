/** The page's side of the worker: starts tasks, and hands on what they report. */

import type { Reply, Request, TaskName, Tasks } from "./protocol.ts";

/** A task under way. */
export interface Job<Result> {
  /** Rejects with the engine's message where something is wrong. */
  readonly result: Promise<Result>;
  pause(): void;
  resume(): void;
  /** Leaves the work: the result is what there is by then. */
  stop(): void;
}

export class Client {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #last = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#waiting.get(data.id)?.(data);
  }

  start<K extends TaskName>(
    task: K,
    settings: Tasks[K]["settings"],
    onReport?: (report: Tasks[K]["report"]) => void,
  ): Job<Tasks[K]["result"]> {
    const id = ++this.#last;
    const result = new Promise<Tasks[K]["result"]>((resolve, reject) => {
      this.#waiting.set(id, (reply) => {
        if ("report" in reply) {
          onReport?.(reply.report as Tasks[K]["report"]);
          return;
        }
        this.#waiting.delete(id);
        if ("error" in reply) reject(new Error(reply.error));
        else resolve(reply.result as Tasks[K]["result"]);
      });
    });
    this.#send({ id, task, settings } as Request);
    const control = (what: "pause" | "resume" | "stop") => (): void => this.#send({ id, control: what });
    return { result, pause: control("pause"), resume: control("resume"), stop: control("stop") };
  }

  #send(request: Request): void {
    this.#worker.postMessage(request);
  }
}
