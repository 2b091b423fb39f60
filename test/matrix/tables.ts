/** The tables of docs/compatibility.md: what cells.ts tries, with the versions that the lock files have. */

import { join } from "node:path";
import { lockedPackages } from "../runtimes/install.ts";
import { between, withBetween } from "../runtimes/table.ts";
import { GROUPS, type Group } from "./cells.ts";

const PAGE = "docs/compatibility.md";
const MARKS = [
  "<!-- npm run test:matrix -- --update writes these tables -->",
  "<!-- end of the tables -->",
] as const;

/** The page with the tables as they are to be. */
export function withTables(page: string, root: string): string {
  return withBetween(PAGE, page, MARKS, tables(root));
}

/** The tables that a page has. */
export function readTables(page: string): string {
  return between(PAGE, page, MARKS);
}

/** All tables, as Markdown. */
export function tables(root: string): string {
  const locked = lockedPackages(join(root, "test/matrix/package-lock.json"));
  const version = (name: string): string => locked[`node_modules/${name}`].version!;
  return GROUPS.map((group) => table(group, version)).join("\n\n");
}

function table({ title, kind, columns, rows }: Group, version: (name: string) => string): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const notes = rows.some(({ note }) => note !== undefined) ? ["what it needs"] : [];
  return [
    `### ${title}\n`,
    line([kind, ...columns, ...notes]),
    line([kind, ...columns, ...notes].map(() => "---")),
    ...rows.map((row) =>
      line([
        row.package === undefined ? row.name : `${row.name} ${version(row.package)}`,
        ...columns.map(() => "✓"),
        ...notes.map(() => row.note ?? ""),
      ]),
    ),
  ].join("\n");
}
