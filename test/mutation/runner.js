/**
 * StrykerJS's runner for vitest, with two things put right. A mutant that keeps a test file from loading at all (a
 * layer built in the body of a `describe` throws, say) leaves no test to fail, and was taken for a survivor. So was one in
 * code that a test file runs on loading, since only tests that run it themselves were asked, with the mutant off on loading.
 */
import { strykerPlugins as vitestPlugins } from "@stryker-mutator/vitest-runner";

export { strykerValidationSchema } from "@stryker-mutator/vitest-runner";

const [{ kind, factory: makeVitestRunner }] = vitestPlugins;
const FAILED = 1; // TestStatus.Failed of @stryker-mutator/api

function makeRunner(injector) {
  const runner = makeVitestRunner(injector);
  const run = runner.run.bind(runner);
  runner.run = async (options) => {
    const outcome = await run(options);
    if (outcome.status !== "complete" || outcome.tests.some(({ status }) => status === FAILED))
      return outcome;
    const broken = runner.ctx.state.getFiles().find(({ result }) => result?.state === "fail");
    if (broken === undefined) return outcome;
    const name = `${broken.name} loads`;
    const failureMessage = broken.result.errors?.[0]?.message ?? "the file does not load";
    const test = {
      id: name,
      name,
      fileName: broken.filepath,
      status: FAILED,
      failureMessage,
      timeSpentMs: 0,
    };
    return { ...outcome, tests: [...outcome.tests, test] };
  };
  const dryRun = runner.dryRun.bind(runner);
  runner.dryRun = async (options) => {
    const outcome = await dryRun(options);
    if (outcome.status === "complete") reachOnLoading(outcome, runner.ctx.state.getFiles());
    return outcome;
  };
  const mutantRun = runner.mutantRun.bind(runner);
  runner.mutantRun = (options) => mutantRun({ ...options, mutantActivation: "static" });
  return runner;
}

/** More pairs of mutant and test than these, StrykerJS cannot send to its processes. */
const MOST_PAIRS = 2_000_000;

/**
 * What a test file runs on loading is reached by each of its tests. What all of them run is code of modules; it stays with
 * what StrykerJS calls static.
 */
function reachOnLoading({ tests, mutantCoverage: { perTest, static: onLoading } }, files) {
  if (Object.keys(onLoading).length * tests.length > MOST_PAIRS) return;
  for (const [id, hits] of Object.entries(onLoading)) {
    const loading = files.filter(({ meta }) => meta.mutantCoverage?.static[id] > 0);
    if (loading.length === files.length) continue;
    const paths = new Set(loading.map(({ filepath }) => filepath));
    for (const test of tests) {
      if (!paths.has(test.fileName)) continue;
      perTest[test.id] ??= {};
      perTest[test.id][id] = (perTest[test.id][id] ?? 0) + hits;
    }
    delete onLoading[id];
  }
}

makeRunner.inject = makeVitestRunner.inject;

export const strykerPlugins = [{ kind, name: "suite", factory: makeRunner }];
