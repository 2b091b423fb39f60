/** Measured galaxies, as commands take them: files with a galaxy each, or galaxies of SPARC's tables. */

import { basename } from "node:path";
import { clip } from "../basics/check.ts";
import { FormatError, HalogradError } from "../basics/errors.ts";
import type { GalaxyMeasurements } from "../galaxy/index.ts";
import {
  findSparcGalaxy,
  type ObservedParts,
  type PartColumns,
  parseObservations,
  parseObservedParts,
  parseSparcCurves,
  parseSparcGalaxies,
  type SparcCurve,
  type SparcGalaxy,
} from "../io/index.ts";
import { sourceOf } from "../node/files.ts";
import { UsageError } from "./arguments.ts";
import type { Sources } from "./provenance.ts";

/** The values of the options that name galaxies. */
export interface GalaxyOptions {
  /** The table of SPARC's curves. */
  readonly sparc: string | undefined;
  /** The table of SPARC's galaxies. */
  readonly galaxies: string | undefined;
  /** One galaxy of SPARC's; default: all. */
  readonly galaxy: string | undefined;
  /** As of `parseObservedParts`. */
  readonly columns: PartColumns;
  readonly distance: number | undefined;
  /** Of one file alone, which cannot tell them. */
  readonly distanceError?: number | undefined;
  readonly inclination?: number | undefined;
  readonly inclinationError?: number | undefined;
}

/** A measured galaxy. Plain data, so that threads can be given it. */
export interface MeasuredGalaxy {
  /** As in the table, or that of the file without what stands behind it: "NGC3198" of NGC3198_rotmod.dat. */
  readonly name: string;
  /** A name for a folder, which no other galaxy of the command has. */
  readonly folder: string;
  readonly measured: ObservedParts &
    Pick<GalaxyMeasurements, "distanceError" | "inclination" | "inclinationError">;
  /** What the table of galaxies tells of it. */
  readonly row: SparcGalaxy | undefined;
  /** The files that all of this is from. */
  readonly data: readonly { readonly file: string; readonly sha256: string }[];
}

/** Those that could be read, and why the others could not. */
export interface MeasuredGalaxies {
  readonly galaxies: readonly MeasuredGalaxy[];
  readonly refused: readonly HalogradError[];
  /** Whether one was asked for, which then was read. */
  readonly isOne: boolean;
}

/**
 * The galaxies that the command line names.
 *
 * @param hasParts whether what gas and stars hold is read as well
 * @throws UsageError unless they are files or galaxies of SPARC; as the readers where one galaxy was asked for, or a table is faulty
 */
export function readMeasuredGalaxies(
  where: string,
  files: readonly string[],
  options: GalaxyOptions,
  hasParts: boolean,
  sources: Sources,
): MeasuredGalaxies {
  const { sparc, galaxy } = options;
  checkNamed(where, files, options);
  const rows = readRows(options, sources);
  const isOne = galaxy !== undefined || files.length === 1;
  const galaxies: MeasuredGalaxy[] = [];
  const refused: HalogradError[] = [];
  const attempt = (read: () => MeasuredGalaxy): void => {
    try {
      galaxies.push(read());
    } catch (error) {
      if (isOne || !(error instanceof HalogradError)) throw error;
      refused.push(error);
    }
  };
  const shared = rows === undefined ? [] : [rows.source];
  if (sparc === undefined) {
    for (const file of files) attempt(() => readFile(file, options, hasParts, sources, rows?.of, shared));
  } else {
    const { text, source } = readSource(sparc, sources);
    const curves = parseSparcCurves(text, sparc);
    const chosen = galaxy === undefined ? curves : [findSparcGalaxy(curves, galaxy, sparc)];
    for (const curve of chosen) {
      attempt(() => galaxyOf(curve.name, curve, rows?.of(curve.name), [source, ...shared]));
    }
  }
  checkFolders(where, galaxies);
  return { galaxies, refused, isOne };
}

function checkNamed(where: string, files: readonly string[], options: GalaxyOptions): void {
  const { sparc, galaxies, columns, distance } = options;
  const refuse = (problem: string, fix: string): never => {
    throw new UsageError(where, problem, fix);
  };
  if (files.length > 0 && sparc !== undefined)
    refuse(
      "files name galaxies, and --sparc names others",
      "give files, or --sparc with or without --galaxy",
    );
  if (files.length === 0 && sparc === undefined) {
    const fix = `write ${where} galaxy.csv, or give --sparc MassModels_Lelli2016c.mrt, as published at zenodo.org/records/16284118`;
    refuse("there is no galaxy", fix);
  }
  const inputs = files.filter((file) => file === "-");
  if (inputs.length > 1) refuse("standard input is one galaxy, and - is given twice", "give it once");
  const { distanceError, inclination, inclinationError } = options;
  const own = Object.entries({ distance, distanceError, inclination, inclinationError });
  const [name] = own.find(([, value]) => value !== undefined) ?? [];
  const option = `--${name?.replace("E", "-e")}`;
  if (name !== undefined && files.length !== 1)
    refuse(`${option} is of one galaxy, given as a file`, "give one FILE, or leave it out");
  if (name !== undefined && name !== "distance" && galaxies !== undefined)
    refuse(`${option} is what --galaxies tells`, "leave one of the two out");
  if (Object.keys(columns).length > 0 && sparc !== undefined)
    refuse("--columns does nothing with --sparc, whose columns are known", "leave it out");
}

/** A file's text, and what tells it from others. */
function readSource(
  file: string,
  sources: Sources,
): { text: string; source: MeasuredGalaxy["data"][number] } {
  const text = sources.text(file);
  return { text, source: { file: basename(sourceOf(file)), sha256: sources.digest(file) } };
}

/** The rows of the table of galaxies, where it is given. */
function readRows({ galaxies }: GalaxyOptions, sources: Sources) {
  if (galaxies === undefined) return undefined;
  const { text, source } = readSource(galaxies, sources);
  const plain = (name: string): string => name.toLowerCase().replace(/\s/g, "");
  const list = parseSparcGalaxies(text, galaxies);
  const rows = new Map(list.map((row) => [plain(row.name), row]));
  const of = (name: string): SparcGalaxy => {
    const row = rows.get(plain(name));
    if (row !== undefined) return row;
    const problem = `it has no galaxy ${clip(name)} among its ${rows.size}`;
    throw new FormatError(
      galaxies,
      problem,
      "leave --galaxies out, or call the file as the galaxy in the table",
    );
  };
  return { of, source };
}

function readFile(
  file: string,
  { columns, distance, distanceError, inclination, inclinationError }: GalaxyOptions,
  hasParts: boolean,
  sources: Sources,
  rowOf: ((name: string) => SparcGalaxy) | undefined,
  shared: MeasuredGalaxy["data"],
): MeasuredGalaxy {
  const { text, source } = readSource(file, sources);
  const name =
    file === "-"
      ? "standard input"
      : basename(file)
          .replace(/(?<=.)\.[^.]*$/, "")
          .replace(/(?<=.)_rotmod$/i, "");
  const row = rowOf?.(name);
  const parse = hasParts ? parseObservedParts : parseObservations;
  const curve: ObservedParts = parse(text, sourceOf(file), { columns, distance });
  if (distanceError !== undefined && curve.distance === undefined) {
    const fix = "give --distance, that of the radii";
    throw new UsageError("--distance-error", `${sourceOf(file)} does not tell the distance`, fix);
  }
  const told = { distanceError, inclination, inclinationError };
  return galaxyOf(name, { ...curve, ...told }, row, [source, ...shared]);
}

/** @throws FormatError where the table of galaxies tells of another distance than the curve */
function galaxyOf(
  name: string,
  measured: SparcCurve | MeasuredGalaxy["measured"],
  row: SparcGalaxy | undefined,
  data: MeasuredGalaxy["data"],
): MeasuredGalaxy {
  const folder = name
    .normalize("NFC")
    .replace(/^\.|[^\p{L}\p{M}\p{N}._+-]/gu, "_")
    .slice(0, 100);
  if (row === undefined) return { name, folder, measured, row, data };
  const { distance = row.distance } = measured;
  // A hundredth is less than what either table rounds, or any distance is known to.
  if (Math.abs(distance - row.distance) > 0.01 * row.distance) {
    const problem = `the radii of ${clip(name)} are for ${distance} Mpc, and --galaxies has it at ${row.distance}`;
    throw new FormatError(data[0].file, problem, "scale the radii, or leave --galaxies out");
  }
  const { distanceError, inclination, inclinationError } = row;
  const known = { distance, distanceError, inclination, inclinationError };
  return { name, folder, measured: { ...measured, ...known }, row, data };
}

/** @throws UsageError where two galaxies would have one folder. Some file systems do not tell capitals from small letters. */
function checkFolders(where: string, galaxies: readonly MeasuredGalaxy[]): void {
  const names = new Map<string, string>();
  for (const { name, folder } of galaxies) {
    const other = names.get(folder.toLowerCase());
    if (other !== undefined) {
      const what =
        other === name
          ? `two galaxies are called ${clip(name)}`
          : `${clip(other)} and ${clip(name)} would share a folder`;
      throw new UsageError(where, what, "rename a file, or give them to commands of their own");
    }
    names.set(folder.toLowerCase(), name);
  }
}
