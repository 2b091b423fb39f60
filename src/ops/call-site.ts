/** Where the engine was called from. */

/** The innermost caller outside this engine's own files, from the stack: "fit (file:///home/me/fit.ts:12:31)". */
export function callSite(): string {
  const limits = Error as { stackTraceLimit?: number };
  const before = limits.stackTraceLimit;
  // V8 keeps 10 frames, fewer than an operation inside composites has of the engine's own.
  limits.stackTraceLimit = 100;
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  if (before !== undefined) limits.stackTraceLimit = before;
  const outside = lines.find(
    (line) => !OWN_FILES.some((folder) => line.includes(folder)) && !line.endsWith("<anonymous>)"),
  );
  return (outside ?? "unknown place").trim().replace(/^at /, "");
}

/** The folder that holds ops/, as stacks write it: some leave out the scheme, some do not escape blanks. */
const ownFolder = new URL("..", import.meta.url).pathname;
const OWN_FILES = [ownFolder, decodeURI(ownFolder)];
