/** Where the engine was called from: for the tape, and for the stacks of errors. */

import { firstLandmark, setStackShortener } from "./errors.ts";

/**
 * The innermost caller outside this engine's own files, from the stack: "fit (file:///home/me/fit.ts:12:31)". Where a
 * bundler put engine and caller into one file, what lies outside of the engine's part of it.
 */
export function callSite(): string {
  return placeIn(withDeepStacks(firstLandmark), firstLandmark(), lastLandmark());
}

/** The same, of the text of any stack, and those from the engine's first and last module. */
export function placeIn(stack: string, first: string, last: string): string {
  const caller = firstCaller(stack, first, last);
  // The source of a module from a data: URL is its address.
  return (
    caller?.line
      .trim()
      .replace(/^at /, "")
      .replace(/(data:[^,]{0,80}),.*(:\d+:\d+\)?)$/, "$1,…$2") ?? "unknown place"
  );
}

/** The stack from the engine's last module. */
let lastLandmark: () => string = firstLandmark;

/** The engine's last module announces itself, so that its place in a bundle can be asked for. */
export function setLastLandmark(landmark: () => string): void {
  lastLandmark = landmark;
  setStackShortener(shortenStack);
}

/**
 * Lets the stack of an error begin where the engine was called. V8 alone keeps so few frames that the engine's own can be all that
 * there is; another limit than V8's own says that somebody wants to see them.
 */
function shortenStack(error: Error): void {
  const { captureStackTrace, stackTraceLimit } = limits;
  if (captureStackTrace === undefined || stackTraceLimit !== FEW) return;
  const trace = { stack: "" };
  withDeepStacks(() => captureStackTrace(trace));
  // Read when it is asked for: to put a stack into words takes longer than all else.
  Object.defineProperty(error, "stack", {
    get: () => {
      const caller = firstCaller(trace.stack, firstLandmark(), lastLandmark());
      const lines = trace.stack.split("\n");
      const start = caller === undefined ? 1 : lines.indexOf(caller.line);
      return [`${error.name}: ${error.message}`, ...lines.slice(start, start + FEW)].join("\n");
    },
    set: (value: unknown) => Object.defineProperty(error, "stack", { value, writable: true }),
    configurable: true,
  });
}

/** How many frames V8 keeps, where nobody says otherwise. */
const FEW = 10;
const limits = Error as { stackTraceLimit?: number; captureStackTrace?: (target: object) => void };

/** More frames than an operation inside composites has of the engine's own. */
function withDeepStacks<T>(body: () => T): T {
  const { stackTraceLimit } = limits;
  // Frozen intrinsics keep theirs.
  Reflect.set(limits, "stackTraceLimit", 100);
  const result = body();
  if (stackTraceLimit !== undefined) Reflect.set(limits, "stackTraceLimit", stackTraceLimit);
  return result;
}

/** The innermost frame of a stack outside this engine's own files. */
function firstCaller(stack: string, first: string, last: string): Frame | undefined {
  const [[own], [end]] = [framesOf(first), framesOf(last)];
  return framesOf(stack).find(
    ({ file, at }) =>
      !file.startsWith(own.folder) ||
      // Modules stand in a bundle in the order of their imports: the engine's lie between its landmarks.
      (file === own.folder && (before(at, own.at) || before(end.at, at))),
  );
}

interface Frame {
  readonly line: string;
  readonly file: string;
  /** What the paths of the engine's files begin with, if this is one of basics/; in a bundle, the file. */
  readonly folder: string;
  /** Line and column. */
  readonly at: readonly [number, number];
}

function framesOf(stack: string): Frame[] {
  return stack.split("\n").flatMap((line) => {
    const [, file, row, column] = FRAME.exec(line) ?? [];
    if (file === undefined) return [];
    const folder = FOLDER.exec(file)?.[0] ?? file;
    return [{ line, file, folder, at: [Number(row), Number(column)] }];
  });
}

/** V8: "at f (file:1:2)" or "at file:1:2"; the others: "f@file:1:2". What has no position is built in. */
const FRAME = /^\s*(?:at .*? \((?=.*\)$)|at (?:async )?|[^@]*@)?(.*?):(\d+):(\d+)\)?$/;

/** The sources, dist/, or where Vite's development server keeps dependencies. */
const FOLDER = /^.*\/(?=basics\/(?:errors\.[jt]s|all\.js)(?:\?.*)?$)|^.*\/node_modules\/\.vite\/\w+\//;

function before(a: Frame["at"], b: Frame["at"]): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
