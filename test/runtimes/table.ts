/** The table of runtimes and digests: as text, as README has it, and as README is read back. */

import { BACKENDS, type Check, type Outcome, STAGES } from "./agreement.ts";

/** A line of the table: a runtime, and its outcomes by backend. */
export interface Row {
  readonly runtime: string;
  readonly outcomes: readonly Pick<Outcome, "backend" | "weights" | "samples">[];
}

/** The columns of README's table: the backend, and the digest of what. */
const COLUMNS = BACKENDS.flatMap((backend) =>
  (["weights", "samples"] as const).map((what) => ({ backend, what })),
);
const MARKS = [
  "<!-- npm run test:runtimes -- --update writes this table -->",
  "<!-- end of the table -->",
] as const;

/** README with these rows in its table. */
export function withTable(readme: string, rows: readonly Row[]): string {
  return withBetween("README.md", readme, MARKS, markdown(rows));
}

/** The rows of README's table. */
export function readTable(readme: string): Row[] {
  const lines = between("README.md", readme, MARKS).split("\n").slice(2);
  return lines.map((line) => {
    const [runtime, ...digests] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").trim());
    const digest = (backend: string, what: string): string =>
      digests[COLUMNS.findIndex((column) => column.backend === backend && column.what === what)];
    const outcomes = BACKENDS.map((backend) => ({
      backend,
      weights: digest(backend, "weights"),
      samples: digest(backend, "samples"),
    }));
    return { runtime, outcomes };
  });
}

/** One row for each runtime that ran. */
export function rowsOf(checks: readonly Check[]): Row[] {
  const names = [...new Set(checks.map(({ runtime }) => runtime))];
  return names
    .map((runtime) => ({
      runtime,
      outcomes: checks.flatMap((entry) =>
        entry.runtime === runtime && entry.outcome ? [entry.outcome] : [],
      ),
    }))
    .filter(({ outcomes }) => outcomes.length === BACKENDS.length);
}

/** Whether a table has this runtime, of whatever version but of Node the same major one, with these digests. */
export function isInTable(table: readonly Row[], { runtime, outcomes }: Row): boolean {
  const family = (name: string): string => name.replace(/(?<=Node \d+)\..*|(?<!Node) [\d.]+$/, "");
  const row = table.find((entry) => family(entry.runtime) === family(runtime));
  return outcomes.every(({ backend, weights, samples }) =>
    row?.outcomes.some(
      (entry) => entry.backend === backend && entry.weights === weights && entry.samples === samples,
    ),
  );
}

/** The table for the terminal. */
export function report(checks: readonly Check[]): string {
  return columns([
    ["runtime", "backend", ...STAGES, "threads", "seconds"],
    ...checks.map(({ runtime, backend, outcome, fault, missing }) => [
      runtime,
      backend,
      ...STAGES.map((stage) => outcome?.[stage] ?? (missing ? "missing" : "failed")),
      String(outcome?.threads ?? ""),
      [outcome?.seconds.toFixed(2) ?? "", missing ? "" : fault.split("\n", 1)[0]].join("  "),
    ]),
  ]);
}

/** Cells in columns of equal width. */
function columns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((cells) => cells[i].length)));
  return lines
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function markdown(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const digest = ({ outcomes }: Row, { backend, what }: (typeof COLUMNS)[number]): string =>
    `\`${outcomes.find((outcome) => outcome.backend === backend)![what]}\``;
  return [
    line(["runtime", ...COLUMNS.map(({ backend, what }) => `${backend}: ${what}`)]),
    line(["---", ...COLUMNS.map(() => "---")]),
    ...rows.map((row) => line([row.runtime, ...COLUMNS.map((column) => digest(row, column))])),
  ].join("\n");
}

/** The text of a page between two lines, which a command writes. */
export function between(page: string, text: string, marks: readonly [begin: string, end: string]): string {
  return text.slice(...places(page, text, marks)).trim();
}

/** The page with another text between two lines. */
export function withBetween(
  page: string,
  text: string,
  marks: readonly [begin: string, end: string],
  content: string,
): string {
  const [begin, end] = places(page, text, marks);
  return `${text.slice(0, begin)}\n\n${content}\n\n${text.slice(end)}`;
}

function places(
  page: string,
  text: string,
  [first, last]: readonly [string, string],
): [begin: number, end: number] {
  const [begin, end] = [text.indexOf(first), text.indexOf(last)];
  if (begin < 0 || end < begin)
    throw new Error(`${page} needs the lines ${first} and ${last}, in this order`);
  return [begin + first.length, end];
}
