/** Results as data, as saved in bench/results/, and as tables for people. */

/** What the numbers of a row mean: seconds of one run become a figure in a unit. */
export type Unit = "GFLOP/s" | "ns/element" | "ms" | "µs/operation" | "s";

/** Seconds of a run. */
export interface Timing {
  readonly best: number;
  readonly median: number;
  readonly samples: number;
}

/** One task, by all contenders. */
export interface Row {
  readonly section: string;
  readonly label: string;
  readonly unit: Unit;
  /** Floating-point operations, elements or graph operations in one run; 1 where a whole run counts. */
  readonly work: number;
  readonly times: Record<string, Timing>;
  /** Why a contender has no time here. */
  readonly faults: Record<string, string>;
}

export interface Results {
  readonly date: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly node: string;
    readonly platform: string;
    /** Of copies that no cache holds, GB/s read and written. */
    readonly copyBandwidth: number;
  };
  readonly contenders: Record<string, string>;
  /** Who could not take part, and why. */
  readonly missing: Record<string, string>;
  readonly rounds: number;
  readonly rows: readonly Row[];
}

export function timing(samples: readonly number[]): Timing {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { best: sorted[0], median, samples: sorted.length };
}

/** A time of a row in its unit. */
export function figureOf({ unit, work }: Row, seconds: number): number {
  switch (unit) {
    case "GFLOP/s":
      return work / seconds / 1e9;
    case "ns/element":
      return (seconds / work) * 1e9;
    case "µs/operation":
      return (seconds / work) * 1e6;
    case "ms":
      return seconds * 1e3;
    case "s":
      return seconds;
  }
}

/** One table for each section, best and median in each cell. */
export function tables(results: Results): string {
  const { machine, contenders, missing, rows, rounds } = results;
  const lines = [
    `${machine.processor}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}, ${results.date}`,
    `${rounds} rounds in turn; each cell: best | median. Only ratios within one run mean anything.`,
    `Memory copy beyond all caches: ${machine.copyBandwidth.toFixed(1)} GB/s read and written.`,
    "",
    ...Object.entries(contenders).map(([name, version]) => `${name.padEnd(21)} ${version}`),
    ...Object.entries(missing).map(([name, reason]) => `${name.padEnd(21)} MISSING: ${reason}`),
  ];
  for (const section of new Set(rows.map((row) => row.section))) {
    lines.push("", ...table(rows.filter((row) => row.section === section)));
  }
  return lines.join("\n");
}

/** Of a contender's column, its gap to the one before included. */
const widthOf = (name: string): number => Math.max(16, name.length + 2);

function table(rows: readonly Row[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.times)))];
  const width = Math.max(...rows.map((row) => row.label.length), rows[0].section.length + 10);
  const lines = [
    `${rows[0].section} [${rows[0].unit}]`.padEnd(width) +
      names.map((name) => name.padStart(widthOf(name))).join(""),
  ];
  for (const row of rows) {
    const cells = names.map((name) => {
      const time = row.times[name];
      if (time === undefined) return "–".padStart(widthOf(name));
      return `${short(figureOf(row, time.best))} |${short(figureOf(row, time.median)).padStart(6)}`.padStart(
        widthOf(name),
      );
    });
    lines.push(row.label.padEnd(width) + cells.join(""));
  }
  const growth =
    rows.length > 1 && rows[0].label.match(/^(batch|width) /) ? growthLine(rows, names, width) : [];
  const faults = rows.flatMap((row) =>
    Object.entries(row.faults).map(([name, fault]) => `  ${name}, ${row.label}: ${fault}`),
  );
  return [...lines, ...growth, ...faults];
}

function growthLine(rows: readonly Row[], names: readonly string[], width: number): string[] {
  const cells = names.map((name) => (exponentOf(rows, name)?.toFixed(2) ?? "–").padStart(widthOf(name)));
  return ["exponent".padEnd(width) + cells.join("")];
}

/** The p of time ∝ sizeᵖ, by least squares on the logarithms of the best times; labels end in the size. */
export function exponentOf(rows: readonly Row[], name: string): number | null {
  const points = rows
    .filter((row) => row.times[name] !== undefined)
    .map((row) => [Math.log(Number(row.label.split(" ").at(-1))), Math.log(row.times[name].best)]);
  if (points.length < 2) return null;
  const [x, y] = [0, 1].map((i) => points.reduce((sum, point) => sum + point[i], 0) / points.length);
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return covariance / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** Three digits that count. */
export function short(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}
