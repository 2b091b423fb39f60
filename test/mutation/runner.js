/** Runs the tests as vitest does, and notes which changes of the code each of them meets. */
import { inject, TestRunner, vi } from "vitest";

const MOST_CHANGES = 20_000;

/**
 * What the changed code, this runner and the loop over the changes share: the number of the change that acts, −1 for none;
 * 1 in `seen` for each change that could have acted since it was cleared; the files that meet a change while they load; and
 * the tests of all files so far, with their count.
 */
globalThis.mutation ??= {
  active: -1,
  recording: true,
  seen: new Uint8Array(MOST_CHANGES),
  onLoading: new Map(),
  tests: [],
  files: 0,
  takeSeen,
};
const { mutation } = globalThis;

export default class MeetingRunner extends TestRunner {
  constructor(config) {
    super(config);
    mutation.runner = this;
  }

  // New modules for each file: some code runs once and keeps its result, and each file should meet it.
  onBeforeCollect() {
    vi.resetModules();
  }

  onBeforeRunTask(test) {
    for (const id of takeSeen()) {
      if (!mutation.onLoading.has(id)) mutation.onLoading.set(id, new Set());
      mutation.onLoading.get(id).add(test.file.filepath);
    }
    return super.onBeforeRunTask(test);
  }

  // What is known of a file's snapshots stays, for its tests to be run again.
  onAfterRunSuite() {}
  async onAfterRunFiles() {
    const { files, changes, undecided } = inject("mutation");
    if (++mutation.files < files) return;
    const { letEachAct } = await import("./loop.js");
    await letEachAct(changes, undecided);
  }

  onAfterRunTask(test) {
    super.onAfterRunTask(test);
    const met = takeSeen();
    if (test.result.state === "pass") mutation.tests.push({ test, met, time: test.result.duration });
  }
}

function takeSeen() {
  const { seen } = mutation;
  const met = [];
  for (let id = seen.indexOf(1); id !== -1; id = seen.indexOf(1, id + 1)) met.push(id);
  seen.fill(0);
  return met;
}
