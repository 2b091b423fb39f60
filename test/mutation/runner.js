/**
 * StrykerJS's runner for vitest, with one thing put right: a mutant that keeps a test file from loading at all (a
 * layer built in the body of a `describe` throws, say) leaves no test to fail, and was taken for a survivor.
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
  return runner;
}
makeRunner.inject = makeVitestRunner.inject;

export const strykerPlugins = [{ kind, name: "suite", factory: makeRunner }];
