/** Tasks of the worker as state of a component. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Client } from "./client.ts";
import type { TaskName, Tasks } from "./protocol.ts";

export interface TaskState<K extends TaskName> {
  /** The last result, which stays until there is a new one. */
  readonly result: Tasks[K]["result"] | null;
  /** What the result is of: the settings change before it does. */
  readonly of: Tasks[K]["settings"] | null;
  readonly report: Tasks[K]["report"] | null;
  readonly error: string;
  readonly isRunning: boolean;
}

/** Runs a task whenever what it depends on changes; what ran before is stopped. */
export function useTask<K extends TaskName>(
  client: Client,
  task: K,
  settings: Tasks[K]["settings"] | null,
  ...depends: unknown[]
): TaskState<K> {
  const [state, setState] = useState<TaskState<K>>({
    result: null,
    of: null,
    report: null,
    error: "",
    isRunning: false,
  });
  useEffect(() => {
    if (settings === null) {
      setState((before) => ({ ...before, report: null, isRunning: false }));
      return;
    }
    let isCurrent = true;
    setState((before) => ({ ...before, isRunning: true }));
    const job = client.start(task, settings, (report) => {
      if (isCurrent) setState((before) => ({ ...before, report }));
    });
    job.result.then(
      (result) => {
        if (isCurrent) setState({ result, of: settings, report: null, error: "", isRunning: false });
      },
      (error: Error) => {
        if (isCurrent)
          setState({ result: null, of: null, report: null, error: error.message, isRunning: false });
      },
    );
    return () => {
      isCurrent = false;
      job.stop();
    };
  }, [client, task, JSON.stringify(settings, plainLists), ...depends]);
  return state;
}

/** Typed arrays as lists, so that JSON tells them apart. */
const plainLists = (_: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;

/** Steps that play by themselves: which one is shown, and what goes on. */
export function usePlayer(length: number, delay: number) {
  const [shown, setShown] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const at = Math.min(shown, length);
  useEffect(() => {
    if (!isPlaying) return;
    if (at >= length) {
      setPlaying(false);
      return;
    }
    timer.current = setTimeout(() => setShown(at + 1), delay);
    return () => clearTimeout(timer.current);
  }, [isPlaying, at, length, delay]);
  return {
    shown: at,
    isPlaying,
    go: (to: number): void => setShown(Math.max(0, Math.min(length, to))),
    play: (): void => {
      if (!isPlaying && at === length) setShown(0);
      setPlaying(!isPlaying);
    },
  };
}
