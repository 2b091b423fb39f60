/** Measured rotation curves as text: radii, velocities and their errors, in columns that are found by their names. */

import { clip } from "../basics/check.ts";
import { FormatError } from "../basics/errors.ts";
import { parseCsv } from "./csv.ts";

/** A measured rotation curve: one number of each list for each point, the points in order of radius. */
export interface Observations {
  /** kpc, above 0. */
  readonly radii: Float64Array;
  /** km/s. */
  readonly velocities: Float64Array;
  /** Standard errors of the velocities, km/s, above 0. */
  readonly errors: Float64Array;
}

/** Names that a column may go by, in small letters, without units. */
const NAMES: Readonly<Record<keyof Observations, readonly string[]>> = {
  radii: ["radius", "r", "rad", "distance"],
  velocities: ["velocity", "v", "vobs", "v_obs", "vrot", "v_rot", "speed"],
  errors: ["error", "e", "err", "errv", "e_v", "e_vobs", "sigma", "velocity_error", "uncertainty", "verr"],
};

/** Units that the numbers must have; a header may leave them out. */
const UNITS: Readonly<Record<keyof Observations, readonly string[]>> = {
  radii: ["kpc"],
  velocities: ["km/s", "km s-1", "kms", "km_s"],
  errors: ["km/s", "km s-1", "kms", "km_s"],
};

const EXAMPLE = "radius [kpc],velocity [km/s],error [km/s]";

/**
 * Reads a measured rotation curve from a table: `radius`, `velocity` and `error` in any order, by any of their usual
 * names (`r`, `vobs`, `e_vobs` …), with or without units as in `radius [kpc]`; other columns are left alone. Comments
 * start with `#`. The points may stand in any order.
 *
 * @param source what to call the text in errors, usually its path
 * @throws FormatError as `parseCsv`, for a column that is missing or in another unit, a radius or an error that is not
 *   above 0, and a table without points
 * @example parseObservations("radius,velocity,error\n2,80,5\n1,60,5\n", "galaxy.csv").velocities // Float64Array [ 60, 80 ]
 */
export function parseObservations(text: string, source: string): Observations {
  const { header, rows } = parseCsv(text, { source });
  const columnOf = (key: keyof Observations): number => {
    const column = header.findIndex((cell) => NAMES[key].includes(nameOf(cell)));
    const [name] = NAMES[key];
    if (column < 0) {
      const headers = clip(header.join(", "));
      const fix =
        header.every((cell) => Number.isFinite(Number(cell))) && header.length > 3
          ? `a table of curves has radii in its header; write one galaxy as ${EXAMPLE}, a row a point`
          : `write the header ${EXAMPLE}`;
      throw new FormatError(source, `it has no column "${name}", only ${headers}`, fix);
    }
    const unit = unitOf(header[column]);
    if (unit !== undefined && !UNITS[key].includes(unit)) {
      throw new FormatError(
        source,
        `its column "${clip(header[column])}" is in ${clip(unit)}`,
        `convert it to ${UNITS[key][0]}, and write ${name} [${UNITS[key][0]}]`,
      );
    }
    return column;
  };
  const [r, v, e] = [columnOf("radii"), columnOf("velocities"), columnOf("errors")];
  if (rows.length === 0) throw new FormatError(source, "no point follows the header", "add a row a point");
  rows.forEach((row, i) => {
    if (row[r] > 0 && row[e] > 0) return;
    const [what, value, column] = row[r] > 0 ? ["error", row[e], e] : ["radius", row[r], r];
    throw new FormatError(
      source,
      `the ${what} of point ${i + 1} ("${clip(header[column as number])}") is ${value}`,
      what === "error"
        ? "every velocity needs its standard error in km/s, above 0"
        : "radii are in kpc, above 0",
    );
  });
  const ordered = rows.toSorted((a, b) => a[r] - b[r]);
  const pick = (column: number): Float64Array => Float64Array.from(ordered, (row) => row[column]);
  return { radii: pick(r), velocities: pick(v), errors: pick(e) };
}

/** "radius" of "Radius [kpc]" and "radius (kpc)"; "r" of "r_kpc". */
function nameOf(cell: string): string {
  return cell
    .toLowerCase()
    .replace(/[[(].*$/, "")
    .trim()
    .replace(/_(kpc|kms|km_s)$/, "");
}

function unitOf(cell: string): string | undefined {
  const small = cell.toLowerCase();
  return (
    /[[(]([^\])]*)[\])]?\s*$/.exec(small)?.[1] ?? /_(kpc|pc|arcsec|kms|km_s)$/.exec(small)?.[1]
  )?.trim();
}
