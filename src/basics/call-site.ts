/** Where the engine was called from. */

import { firstLandmark } from "./errors.ts";

/**
 * The innermost caller outside this engine's own files, from the stack: "fit (file:///home/me/fit.ts:12:31)". Where a
 * bundler put engine and caller into one file, what lies outside of the engine's part of it.
 */
export function callSite(): string {
  const [own, ...callers] = framesOf(firstLandmark);
  const last = framesOf(lastLandmark)[0];
  const outside = callers.find(
    ({ file, at }) =>
      !file.startsWith(own.folder) ||
      // Modules stand in a bundle in the order of their imports: the engine's lie between its landmarks.
      (file === own.folder && (before(at, own.at) || before(last.at, at))),
  );
  // The source of a module from a data: URL is its address.
  return outside?.text.replace(/(data:[^,]{0,80}),.*(:\d+:\d+\)?)$/, "$1,…$2") ?? "unknown place";
}

/** The stack from the engine's last module. */
let lastLandmark: () => string = firstLandmark;

/** The engine's last module announces itself, so that its place in a bundle can be asked for. */
export function setLastLandmark(landmark: () => string): void {
  lastLandmark = landmark;
}

interface Frame {
  readonly text: string;
  readonly file: string;
  /** What the paths of the engine's files begin with, if this is one of basics/; in a bundle, the file. */
  readonly folder: string;
  /** Line and column. */
  readonly at: readonly [number, number];
}

function framesOf(landmark: () => string): Frame[] {
  const limits = Error as { stackTraceLimit?: number };
  const limit = limits.stackTraceLimit;
  // V8 keeps 10 frames, fewer than an operation inside composites has of the engine's own. Frozen intrinsics keep theirs.
  Reflect.set(limits, "stackTraceLimit", 100);
  const lines = String(landmark()).split("\n");
  if (limit !== undefined) Reflect.set(limits, "stackTraceLimit", limit);
  return lines.flatMap((line) => {
    const [, file, row, column] = FRAME.exec(line) ?? [];
    if (file === undefined) return [];
    const folder = FOLDER.exec(file)?.[0] ?? file;
    return [{ text: line.trim().replace(/^at /, ""), file, folder, at: [Number(row), Number(column)] }];
  });
}

/** V8: "at f (file:1:2)" or "at file:1:2"; the others: "f@file:1:2". What has no position is built in. */
const FRAME = /^\s*(?:at .*? \((?=.*\)$)|at (?:async )?|[^@]*@)?(.*?):(\d+):(\d+)\)?$/;

/** The sources, dist/, or where Vite's development server keeps dependencies. */
const FOLDER = /^.*\/(?=basics\/(?:errors\.[jt]s|all\.js)(?:\?.*)?$)|^.*\/node_modules\/\.vite\/\w+\//;

function before(a: Frame["at"], b: Frame["at"]): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
