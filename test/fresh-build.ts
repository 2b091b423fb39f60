/** dist/ must be what src/ says, or an older package would be tested. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export function requireFreshBuild(): void {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const built = statSync(join(root, "dist/index.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    if (built < statSync(join(root, "src", file)).mtimeMs)
      throw new Error(`dist/ is older than src/${file}: run "npm run build" first`);
  }
}
