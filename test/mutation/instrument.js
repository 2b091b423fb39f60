/** The code of a folder with every small change that StrykerJS knows built in, each behind a switch of its own. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Instrumenter } from "@stryker-mutator/instrumenter";

/** What operations say of themselves for tests alone: other examples than these are as good. */
const FOR_TESTS = new Set(["examples", "call", "calls", "settings", "others"]);
const testing = {
  shouldIgnore: (path) => path.isObjectProperty() && FOR_TESTS.has(path.node.key.name) && "for tests alone",
};

const silent = { isDebugEnabled: () => false, debug() {}, info() {}, warn() {} };

/** What StrykerJS calls for the switches: `mutantMet(1, 2)` where changes 1 and 2 could act, `mutantOn(1)` where 1 does. */
const SWITCHES = `
const { mutation } = globalThis;
const mutantOn = (id) => mutation.active === id;
const mutantMet = (...ids) => { if (mutation.recording) for (const id of ids) mutation.seen[id] = 1; };
`.replaceAll("\n", " ");

/**
 * @param paths files, from the root of the repository
 * @returns the changed text of each file by its absolute path, and the changes: numbered from 0, in the order of the files
 */
export async function instrument(paths) {
  const texts = new Map(paths.map((path) => [resolve(path), readFileSync(path, "utf8")]));
  const files = [...texts].map(([name, content]) => ({ name, content, mutate: true }));
  const haveTests = paths.some((path) => /^src\/(ops|optim)\//.test(path));
  const options = {
    plugins: null,
    excludedMutations: [],
    ignorers: haveTests ? [testing] : [],
    noHeader: true,
  };
  const { files: outFiles, mutants } = await new Instrumenter(silent).instrument(files, options);
  const sources = new Map(outFiles.map(({ name, content }) => [name, `${SWITCHES}${withNumbers(content)}`]));
  const changes = mutants.map(({ id, fileName, location, mutatorName, replacement, status }, at) => {
    if (Number(id) !== at) throw new Error(`change ${at} is number ${id}`);
    const before = between(texts.get(fileName), location);
    const path = paths[[...texts.keys()].indexOf(fileName)];
    const file = createHash("sha1").update(texts.get(fileName)).digest("hex").slice(0, 10);
    const key = `${file} ${location.start.line}:${location.start.column} ${location.end.line}:${location.end.column} ${mutatorName} ${replacement}`;
    return { id: at, path, line: location.start.line + 1, before, replacement, key, status };
  });
  return { sources, changes: changes.filter(({ status }) => status !== "Ignored") };
}

function withNumbers(text) {
  return text.replace(/stry(MutAct|Cov)_9fa48\(([^)]*)\)/g, (_, kind, ids) => {
    return `${kind === "Cov" ? "mutantMet" : "mutantOn"}(${ids.replaceAll('"', "")})`;
  });
}

function between(text, { start, end }) {
  const lines = text.split("\n").slice(start.line, end.line + 1);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column);
  lines[0] = lines[0].slice(start.column);
  return lines.join("\n");
}
