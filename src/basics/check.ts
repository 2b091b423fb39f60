/**
 * Checks of what users hand over, shared by all functions that take it: values of the wrong kind, options that do not
 * exist. They say what was given, in words, since `[object Object]` helps nobody.
 */

import { ArgumentError } from "./errors.ts";

/** A value of any kind as a message puts it: `null`, `the number 3`, `an array of 2`, `a tensor of shape [2, 3]`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (typeof value === "function") return /^class\b/.test(String(value)) ? "a class" : "a function";
  if (typeof value !== "object") return `the ${typeof value} ${String(value)}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if ("storage" in value && "strides" in value && "shape" in value)
    return `a tensor of shape [${(value as { shape: readonly number[] }).shape.join(", ")}]`;
  if (typeof (value as { then?: unknown }).then === "function") return "a promise";
  const name: string | undefined = value.constructor?.name;
  if (name !== undefined && name !== "Object") return `a ${name}`;
  const keys = Object.keys(value);
  return `an object with ${keys.length === 0 ? "no keys" : keys.slice(0, 4).join(", ")}`;
}

/** Text out of a file or a command line as a message quotes it: enough of it to be found again. */
export function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * Options as a function takes them: left out, or an object that has none but the given names.
 *
 * @throws ArgumentError for anything else, with the name that was probably meant
 */
export function checkOptions(where: string, options: unknown, names: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Symbol.iterator in options) {
    throw new ArgumentError(
      where,
      `options are an object; got ${describeValue(options)}.`,
      `write { ${names[0]}: … }${names.length > 1 ? `; there are ${names.join(", ")}` : ""}.`,
    );
  }
  for (const name in options) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new ArgumentError(
      where,
      `there is no option "${name}".`,
      near === undefined ? `the options are ${names.join(", ")}.` : `did you mean ${near}?`,
    );
  }
}

/**
 * @param ifObject what to do where options were given in the number's place
 * @throws ArgumentError unless the value is a number: text that looks like one is none
 */
export function checkNumber(where: string, name: string, value: unknown, ifObject?: string): void {
  if (typeof value === "number") return;
  const isOptions = ifObject !== undefined && isPlainObject(value);
  throw new ArgumentError(
    where,
    `${name} is a number; got ${describeValue(value)}.`,
    typeof value === "string" ? "convert text with Number(…) first." : isOptions ? ifObject : undefined,
  );
}

/** @throws ArgumentError unless the value is of a kind, such as text where a table belongs */
export function checkKind(
  where: string,
  name: string,
  value: unknown,
  kind: keyof typeof KINDS,
  fix?: string,
): void {
  const type = kind === "list" ? "object" : kind === "text" ? "string" : kind;
  const isKind =
    typeof value === type && value !== null && (kind !== "list" || Symbol.iterator in (value as object));
  if (!isKind) throw new ArgumentError(where, `${name} is ${KINDS[kind]}; got ${describeValue(value)}.`, fix);
}

const KINDS = { function: "a function", object: "an object", text: "text", list: "a list" };

/** Whether a value is an object as options are written. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // Of any realm: a prototype without one of its own is that of objects.
  return prototype === null || (Object.getPrototypeOf(prototype) === null && "hasOwnProperty" in prototype);
}

/** Whether a value is a `Map`, a `Uint8Array` …, of this realm or of another: a frame, jsdom, the sandbox of Jest. */
export function isBuiltIn<K extends keyof BuiltIns>(value: unknown, kind: K): value is BuiltIns[K] {
  return Object.prototype.toString.call(value) === `[object ${kind}]`;
}

interface BuiltIns {
  Map: ReadonlyMap<unknown, unknown>;
  Set: ReadonlySet<unknown>;
  Uint8Array: Uint8Array;
  Float32Array: Float32Array;
  Float64Array: Float64Array;
}

/** @throws ArgumentError unless the value is a whole number of at least `least` */
export function checkCount(where: string, name: string, value: unknown, least = 1): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new ArgumentError(
    where,
    `${name} is a whole number of at least ${least}; got ${describeValue(value)}.`,
  );
}

/**
 * The word of the list that the user may have meant: it starts alike, is spelled with other capitals or with underscores, by its initials
 * (`lr` for `learningRate` or `learning-rate`), or at most two slips away.
 */
export function nearest(word: string, list: readonly string[]): string | undefined {
  const plain = word.toLowerCase().replaceAll("_", "");
  const slips = (other: string): number => {
    if (other.toLowerCase() === plain || (word.length > 1 && initialsOf(other) === plain)) return 0;
    if (word.length > 2 && other.startsWith(word)) return 0.5;
    // Words that differ in length by more than two slips need no table. What is longer than any name is none that was misspelled, and
    // the table of two such words would take their product in time.
    const isFar = Math.abs(word.length - other.length) > 2 || word.length > LONGEST_NAME;
    return isFar ? Infinity : editDistance(word, other);
  };
  const [best] = list.map((other) => [other, slips(other)] as const).sort((a, b) => a[1] - b[1]);
  return best !== undefined && best[1] <= Math.min(2, (word.length - 1) / 2) ? best[0] : undefined;
}

const LONGEST_NAME = 100;

/** `lr` of learningRate and of learning-rate. */
function initialsOf(name: string): string {
  const parts = name.split(/-|(?=[A-Z])/);
  return parts.map((part) => part.slice(0, 1).toLowerCase()).join("");
}

/** Letters to insert, drop or change (Levenshtein), a row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/**
 * Runs a function within a setting, unless it would outlive it.
 *
 * @throws ArgumentError when the function returns a promise or a generator: what they still do would happen outside
 */
export function synchronous<T>(where: string, body: () => T): T {
  if (typeof body !== "function") {
    throw new ArgumentError(
      where,
      `takes a function; got ${describeValue(body)}.`,
      `write ${where}(() => …).`,
    );
  }
  const result: unknown = body();
  if (typeof result !== "object" || result === null) return result as T;
  if (typeof (result as { then?: unknown }).then === "function") {
    // Nobody will wait for it any more; without a handler, a later rejection would end the process.
    (result as PromiseLike<unknown>).then(undefined, () => {});
    throw new ArgumentError(
      where,
      "the function returned a promise; the setting holds only until its first await.",
      `await first, and wrap the synchronous part in ${where}().`,
    );
  }
  if (/Generator\]$/.test(Object.prototype.toString.call(result))) {
    throw new ArgumentError(
      where,
      "the function returned a generator, which runs only when it is iterated over, outside of the setting.",
      `iterate inside, or wrap what happens between two yields in ${where}().`,
    );
  }
  return result as T;
}
