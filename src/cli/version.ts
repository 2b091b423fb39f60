/** The version of the package, from its own package.json. */

import { readFileSync } from "node:fs";

/** As in package.json: "1.2.3". */
export function version(): string {
  // Two folders up from src/cli/ as well as from dist/cli/.
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}
