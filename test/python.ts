/** Python for the tests that compare with its libraries, which are optional. */

import { spawnSync } from "node:child_process";

/** The interpreter that has a module: the first of the path, or Debian's; undefined where neither has it. */
export function pythonWith(module: string): string | undefined {
  return ["python3", "/usr/bin/python3"].find(
    (path) => spawnSync(path, ["-c", `import ${module}`]).status === 0,
  );
}
