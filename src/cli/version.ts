/** What the package holds beside the code: its version, and the schema of what --json prints. */

import { readFileSync } from "node:fs";

/** As in package.json: "1.2.3". */
export function version(): string {
  return JSON.parse(packaged("package.json")).version;
}

/** The JSON schema of what `--json` prints. */
export function outputSchema(): string {
  return packaged("src/cli/output.schema.json");
}

/** Two folders up from src/cli/ as well as from dist/cli/. */
function packaged(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
}
