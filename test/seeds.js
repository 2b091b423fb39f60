/**
 * `npm run test:seeds -- --count 50 properties ops`: the property tests of these folders of test/ (default: all) once for
 * each of so many fresh seeds (default: 1). Each test that fails is shown with the command that repeats it. Ctrl-C ends the
 * run with the tally so far, which also goes to .build/seeds.json.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { count: { type: "string", default: "1" } },
  allowPositionals: true,
});
const count = Number(values.count);
if (!(Number.isInteger(count) && count > 0))
  throw new Error(`--count is ${values.count}, not a number of seeds`);

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const REPORT = ".build/seeds-report.json";
const folders = positionals.length === 0 ? ["."] : positionals;
const files = folders.flatMap(propertyTests);
if (files.length === 0) throw new Error(`no property tests in test/${folders.join(", test/")}`);

const tally = { seeds: 0, passed: 0, failed: 0 };
const failures = [];
let interrupted = false;
process.on("SIGINT", () => {
  interrupted = true;
});

mkdirSync(".build", { recursive: true });
rmSync(".build/seeds.json", { force: true });
while (tally.seeds < count && !interrupted) {
  const seed = randomInt(-(2 ** 31), 2 ** 31);
  const outcome = await runWith(seed);
  if (interrupted) break;
  tally.seeds++;
  console.log(`seed ${seed}: ${outcome.passed} passed, ${outcome.failed.length} failed`);
  for (const line of outcome.failed) console.log(line);
  tally.passed += outcome.passed;
  tally.failed += outcome.failed.length;
  failures.push(...outcome.failed);
}
writeFileSync(".build/seeds.json", JSON.stringify(tally));
console.log(`${tally.seeds} seeds: ${tally.passed} passed, ${tally.failed} failed`);
if (failures.length > 0 || interrupted) process.exitCode = 1;

/** Test files below test/FOLDER that draw cases with fast-check. */
function propertyTests(folder) {
  return readdirSync(`test/${folder}`, { recursive: true })
    .map((name) => `test/${folder === "." ? "" : `${folder}/`}${name}`)
    .filter((name) => name.endsWith(".test.ts") && /fast-check/.test(readFileSync(name, "utf8")));
}

/** Runs the properties once; in one process a project, since loading the engine takes longer than most files do. */
async function runWith(seed) {
  rmSync(REPORT, { force: true });
  const given = [
    "vitest",
    "run",
    "--no-isolate",
    "-t",
    `with seed=${seed}\\)`,
    "--reporter=json",
    `--outputFile=${REPORT}`,
  ];
  const child = spawn("npx", [...given, ...files], {
    env: { ...process.env, HALOGRAD_SEED: String(seed) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  const code = await new Promise((resolve) => {
    child.on("close", resolve);
  });
  const repeat = (what) => `  HALOGRAD_SEED=${seed} npx vitest run ${what}`;
  if (!existsSync(REPORT)) return { passed: 0, failed: [`${repeat(files.join(" "))}\n${complaint}`] };
  const report = JSON.parse(readFileSync(REPORT, "utf8"));
  const failed = report.testResults.flatMap(({ name, message, assertionResults }) => {
    const file = name.slice(process.cwd().length + 1);
    const wrong = assertionResults.filter(({ status }) => status === "failed");
    if (wrong.length === 0) return message ? [`${repeat(file)}\n    ${message}`] : [];
    return wrong.map(({ fullName, failureMessages }) => {
      const first = failureMessages.join("\n").split("\n    at ")[0].replaceAll("\n", "\n    ");
      return `${repeat(file)}\n    ${fullName}\n    ${first}`;
    });
  });
  if (failed.length === 0 && code !== 0) failed.push(`${repeat(files.join(" "))}\n${complaint}`);
  return { passed: report.numPassedTests, failed };
}
