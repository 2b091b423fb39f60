/**
 * Lets each change act in turn, and runs the tests that meet it, quickest first, until one fails. All files' tests are
 * still in memory, so that a change costs the time of its tests and no more. A test that fails is run once more without the
 * change: where it fails again, some change has left something behind, and all modules are loaded anew. What survives in code
 * that runs once and keeps its result, or while a file loads, is tried once more with modules that have run nothing before.
 */
import { appendFileSync } from "node:fs";
import { Script } from "node:vm";
import { collectTests, startTests } from "@vitest/runner";
import { inject, TestRunner, test, vi } from "vitest";

const { mutation } = globalThis;
const { outcomes } = inject("mutation");
const run = new Script("globalThis.mutation.body()");

/** A change may make a test this much slower before it counts as endless. */
const PATIENCE = { times: 20, milliseconds: 5_000 };
/** Tests that take longer are not run for each change. */
const LONGEST = 10_000;
/** Of so many files, those with the most special tests first, the tests of a survivor are run once more with new modules. */
const FILES = 6;
/** What more files than this meet on loading, and no test later on, is not tested. */
const FEW_FILES = 3;

/**
 * @param changes their numbers
 * @param undecided those that survived their tests once. What is found is written to a file of the plan, line by line
 */
export async function letEachAct(changes, undecided) {
  const meeting = await rehearse();
  mutation.recording = false;
  for (const id of changes) {
    const met = meeting.get(id) ?? [];
    const loading = mutation.onLoading.get(id)?.size ?? 0;
    if (met.length === 0 && loading === 0) note(id, "unmet");
    else if (met.length === 0 && loading > FEW_FILES) note(id, "on loading");
    else if (await isNoticed(id, met)) continue;
    else if (isMetAgain(id, met) && (loading === 0 || loading > FEW_FILES)) note(id, "survived");
    else {
      note(id, "undecided");
      undecided.push(id);
    }
  }
  for (const id of undecided)
    note(id, (await isNoticedAnew(id, meeting.get(id) ?? [])) ? "noticed" : "survived");
}

function isMetAgain(id, entries) {
  return entries.length > 0 && entries.every(({ metAgain }) => metAgain.has(id));
}

function note(id, outcome, test) {
  appendFileSync(outcomes, `${JSON.stringify({ id, outcome, test: test?.fullName })}\n`);
}

/**
 * Runs each test once more, at its own speed. Returns those that meet a change, quickest first. What fails without what has been
 * done around it, by `afterAll` for example, runs with new modules only.
 */
async function rehearse() {
  const entries = [];
  await inTest(async (repeat) => {
    for (const entry of mutation.tests) {
      mutation.takeSeen();
      const start = performance.now();
      const failure = await repeat(-1, entry);
      entry.time = performance.now() - start;
      entry.metAgain = new Set(mutation.takeSeen());
      entry.isOnce = failure !== undefined;
      if (entry.time > LONGEST) note(-1, "too long", entry.test);
      else entries.push(entry);
    }
  });
  const meeting = new Map();
  for (const entry of entries.sort((a, b) => a.time - b.time)) {
    for (const id of entry.met) {
      if (!meeting.has(id)) meeting.set(id, []);
      meeting.get(id).push(entry);
    }
  }
  return meeting;
}

async function isNoticed(id, entries) {
  note(id, "started");
  entries = entries.filter(({ isOnce }) => !isOnce);
  for (let first = 0; ; ) {
    const found = await inTest(async (repeat) => {
      for (; first < entries.length; first++) {
        const outcome = await repeat(id, entries[first]);
        if (outcome !== undefined)
          return { outcome, isSure: (await repeat(-1, entries[first])) === undefined };
      }
    });
    if (found === undefined) return false;
    if (!found.isSure) {
      // What it leaves behind may be a result that is kept: it fails from the start on, and without it nothing does.
      await loadAnew();
      const fails = await inTest(async (repeat) => (await repeat(id, entries[first])) !== undefined);
      await loadAnew();
      found.isSure =
        fails && (await inTest(async (repeat) => (await repeat(-1, entries[first])) === undefined));
    }
    if (found.isSure) {
      note(id, found.outcome);
      return true;
    }
    first++;
  }
}

/** Takes the tests from their files once more, with modules that no change has run in. */
async function loadAnew() {
  vi.resetModules();
  const tests = new Map();
  const take = (task) => {
    if (task.type === "suite") task.tasks.forEach(take);
    else tests.set(task.id, task);
  };
  for (const filepath of new Set(mutation.tests.map(({ test }) => test.file.filepath)))
    (await collectTests([{ filepath }], new QuietRunner(mutation.runner))).forEach(take);
  for (const entry of mutation.tests) entry.test = tests.get(entry.test.id) ?? entry.test;
}

/**
 * Runs `body` within a test, as matchers expect it, and hands it a function that runs a test of an entry while a change acts:
 * how it fails, undefined where it does not.
 */
async function inTest(body) {
  const runner = new QuietRunner(mutation.runner);
  let result;
  runner.importFile = (_, source) => {
    if (source !== "collect") return;
    test("a change", { timeout: 0 }, async ({ task }) => {
      result = await body((id, entry) => failureOf(id, entry, () => runner.onBeforeTryTask(task)));
    });
  };
  const [file] = await startTests([{ filepath: "test/mutation/loop.js" }], runner);
  if (file.result?.state === "fail")
    throw new Error(file.tasks[0]?.result?.errors?.[0]?.stack ?? file.result.errors?.[0]?.stack);
  return result;
}

async function failureOf(id, { test, time }, prepare) {
  const limit = PATIENCE.milliseconds + PATIENCE.times * time;
  const fn = TestRunner.getTestFn(test);
  mutation.body = () => fn();
  prepare();
  mutation.active = id;
  try {
    await within(limit, run.runInThisContext({ timeout: Math.ceil(limit) }));
    return test.fails ? "noticed" : undefined;
  } catch (error) {
    if (test.fails) return undefined;
    return error?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT" || error === ENDLESS ? "endless" : "noticed";
  } finally {
    mutation.active = -1;
    vi.unstubAllGlobals();
  }
}

const ENDLESS = new Error("endless");

function within(limit, promise) {
  if (!(promise instanceof Promise)) return promise;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(ENDLESS), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Whether one of the tests that meet a change fails, loaded anew, the change acting from the start; or any of a file that meets it
 * while it loads.
 */
async function isNoticedAnew(id, entries) {
  const met = new Set(entries.map(({ test }) => test.id));
  // A test that meets little else looks the most at it.
  const paths = entries
    .toSorted((a, b) => b.isOnce - a.isOnce || a.met.length - b.met.length)
    .map(({ test }) => test.file.filepath);
  const loading = mutation.onLoading.get(id) ?? new Set();
  if (loading.size <= FEW_FILES) paths.unshift(...loading);
  const files = [...new Set(paths)].slice(0, FILES);
  // What runs once is met by one test, and looked at by others: if those that meet it find nothing, all of their files do.
  for (const [filepath, isWhole] of [false, true].flatMap((whole) => files.map((path) => [path, whole]))) {
    if (isWhole && loading.has(filepath)) continue;
    note(id, "started");
    vi.resetModules();
    mutation.active = id;
    const runner = new QuietRunner(mutation.runner);
    if (!isWhole && !loading.has(filepath)) runner.met = met;
    try {
      const [file] = await startTests([{ filepath }], runner);
      if (runner.failed || file.result?.state === "fail") return true;
    } catch {
      return true;
    } finally {
      mutation.active = -1;
    }
  }
  return false;
}

/** Tells vitest's own process nothing of what it runs, and stops at the first failure. */
class QuietRunner extends TestRunner {
  failed = false;
  met = undefined;

  constructor({ config, moduleRunner, _otel }) {
    super(config);
    this.moduleRunner = moduleRunner;
    this.__setTraces(_otel);
  }

  onBeforeRunTask(test) {
    if (this.failed || this.met?.has(test.id) === false) test.mode = "skip";
    return super.onBeforeRunTask(test);
  }

  onAfterRunTask(test) {
    super.onAfterRunTask(test);
    this.failed ||= test.result.state === "fail";
  }

  onAfterRunSuite() {}
  onAfterRunFiles() {}
}
