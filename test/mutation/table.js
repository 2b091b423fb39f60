/** What reports of mutation testing add up to: a row a folder, as in CONTRIBUTING.md. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

const NOTICED = new Set(["Killed", "Timeout"]);
const MISSED = new Set(["Survived", "NoCoverage"]);

/** The Markdown table of the reports in a directory; a folder without any has no row. */
export function table(directory, folders) {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const rows = folders.flatMap((folder) => {
    const reports = names.filter((name) => name.startsWith(`${folder}.`) && name.endsWith(".json"));
    if (reports.length === 0) return [];
    const all = reports.map((name) => JSON.parse(readFileSync(`${directory}/${name}`, "utf8")));
    const { mutants, tested, noticed } = addUp(all);
    const part = tested === 0 ? "" : `${((100 * noticed) / tested).toFixed(1)} %`;
    return [`| \`${folder}\` | ${mutants} | ${tested} | ${part} |`];
  });
  return ["| folder | mutants | tested | noticed |", "| --- | ---: | ---: | ---: |", ...rows].join("\n");
}

/** Each mutant once, though several reports know of it. */
function addUp(reports) {
  const outcomes = new Map();
  for (const { files } of reports) {
    for (const [file, { mutants }] of Object.entries(files)) {
      for (const { mutatorName, replacement, location, status } of mutants) {
        if (status === "Ignored") continue;
        const key = JSON.stringify([file, mutatorName, replacement, location]);
        const before = outcomes.get(key);
        // One that any report has seen noticed is noticed: a test that does so has been there.
        if (before === undefined || NOTICED.has(status) || (MISSED.has(status) && !NOTICED.has(before)))
          outcomes.set(key, status);
      }
    }
  }
  const counted = [...outcomes.values()];
  const noticed = counted.filter((status) => NOTICED.has(status)).length;
  const tested = noticed + counted.filter((status) => MISSED.has(status)).length;
  return { mutants: counted.length, tested, noticed };
}
