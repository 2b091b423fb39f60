/**
 * Checks of what users hand over, shared by all functions that take it: values of the wrong kind, options that do not
 * exist. They say what was given, in words, since `[object Object]` helps nobody.
 */

import { ArgumentError, OTHER_COPY } from "./errors.ts";

/** A value of any kind as a message puts it: `null`, `the number 3`, `an array of 2`, `a tensor of shape [2, 3]`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (typeof value === "function") return /^class\b/.test(String(value)) ? "a class" : "a function";
  if (typeof value !== "object") return `the ${typeof value} ${clip(String(value))}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isTensorLike(value)) {
    const tensor = `a tensor of shape [${few(value.shape)}]`;
    if (isOwnTensor(value)) return tensor;
    return "toArray" in value
      ? `${tensor} ${OTHER_COPY}`
      : "what structuredClone or postMessage leave of a tensor";
  }
  if (typeof (value as { then?: unknown }).then === "function") return "a promise";
  if (isGenerator(value)) return "a generator";
  const name: string | undefined = value.constructor?.name;
  if (name !== undefined && name !== "Object") return `a ${name}`;
  const keys = Object.keys(value);
  return `an object with ${keys.length === 0 ? "no keys" : keys.slice(0, 4).map(clip).join(", ")}`;
}

/** Whether a value has what tensors have, of this copy of the package or of another. */
export function isTensorLike(value: unknown): value is { readonly shape: readonly number[] } {
  return (
    typeof value === "object" &&
    value !== null &&
    "storage" in value &&
    "strides" in value &&
    "shape" in value
  );
}

let isOwnTensor: (value: unknown) => boolean = () => true;

/** What makes tensors announces here how to know them. */
export function setTensorTest(isTensor: (value: unknown) => boolean): void {
  isOwnTensor = isTensor;
}

/** The same of a value that is not of a class: where it has its methods, it is of the class of another copy of the package. */
export function describeOther(value: unknown, ...methods: readonly string[]): string {
  const isCopy = methods.every(
    (name) => typeof (value as Record<string, unknown> | null)?.[name] === "function",
  );
  return `${describeValue(value)}${isCopy ? ` ${OTHER_COPY}` : ""}`;
}

/** Whether a value is work that is done as it is iterated over. */
const isGenerator = (value: unknown): boolean => /Generator\]$/.test(Object.prototype.toString.call(value));

/** The entries of a list as a message names them: enough of them, and how many more there are. */
export function few(list: readonly unknown[]): string {
  const [shown, more] = [list.slice(0, MOST_NAMED).join(", "), list.length - MOST_NAMED];
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const MOST_NAMED = 20;

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
    const value = (options as Record<string, unknown>)[name];
    if (FLAG.test(name) && value !== undefined && typeof value !== "boolean")
      throw new ArgumentError(where, `${name} is true or false; got ${describeValue(value)}.`);
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new ArgumentError(
      where,
      `there is no option "${clip(name)}".`,
      near === undefined ? `the options are ${names.join(", ")}.` : `did you mean ${near}?`,
    );
  }
}

/** Options that are true or false: a text such as "false" would count as true. */
const FLAG =
  /^(amsgrad|bias|createGraph|descending|isCausal|isPartial|keepdim|nesterov|requiresGrad|retainGraph|showValues|smallest)$/;

/**
 * @param ifObject what to do where options were given in the number's place
 * @throws ArgumentError unless the value is a number: text that looks like one is none
 */
export function checkNumber(where: string, name: string, value: unknown, ifObject?: string): void {
  if (typeof value === "number") return;
  const isObject = typeof value === "object" && value !== null;
  throw new ArgumentError(
    where,
    `${name} is a number; got ${describeValue(value)}.`,
    typeof value === "string"
      ? "convert text with Number(…) first."
      : isObject && "toTypedArray" in value
        ? "x.item() is the number of a tensor."
        : ((isPlainObject(value) ? ifObject : undefined) ?? usualFix(value)),
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
  if (isKind) return;
  throw new ArgumentError(
    where,
    `${name} is ${KINDS[kind]}; got ${describeValue(value)}.`,
    usualFix(value) ?? fix,
  );
}

const KINDS = { function: "a function", object: "an object", text: "text", list: "a list" };

/** @throws ArgumentError unless the value is an array, of whatever `what` says */
export function checkArray(where: string, name: string, value: unknown, what?: string, fix?: string): void {
  if (Array.isArray(value)) return;
  const kind = what === undefined ? "an array" : `an array of ${what}`;
  const isOne = typeof value === "object" && value !== null;
  throw new ArgumentError(
    where,
    `${name} ${are(name)} ${kind}; got ${describeValue(value)}.`,
    usualFix(value) ?? fix ?? (isOne ? "put one alone into brackets: [x]." : undefined),
  );
}

/** Whether a value is an array or a typed array. A tensor is neither: its elements may lie in any order. */
export function isList(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** @throws ArgumentError unless the value is an array or a typed array, of whatever */
export function checkList(where: string, name: string, value: unknown, fix?: string): void {
  if (isList(value)) return;
  throw new ArgumentError(
    where,
    `${name} ${are(name)} a list of numbers; got ${describeValue(value)}.`,
    usualFix(value) ?? fix,
  );
}

/** What to do about a value that has yet to become what is needed. */
export function usualFix(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if ("then" in value) return "await it first.";
  if (isGenerator(value)) return "finish(…) does a generator's work.";
  return "toTypedArray" in value ? "take toTypedArray(), or toArray() for rows." : undefined;
}

/** What an argument of that name does: radii are, a curve is. */
const are = (name: string): string => (/(s|ii)$/.test(name) ? "are" : "is");

/** Where a number lies; `above` and `below` leave the ends out. */
export interface Bounds {
  readonly least?: number;
  readonly above?: number;
  readonly below?: number;
  readonly most?: number;
}

/** @throws ArgumentError unless the value is a finite number within the bounds */
export function checkWithin(where: string, name: string, value: unknown, bounds: Bounds = {}): void {
  checkNumber(where, name, value);
  if (isWithin(value, bounds)) return;
  throw new ArgumentError(where, `${name} is ${value}; it must be a finite number${ends(bounds)}.`);
}

/** @throws ArgumentError unless these are finite numbers within the bounds */
export function checkNumbers(where: string, name: string, values: unknown, bounds: Bounds = {}): void {
  checkList(where, name, values);
  const list = values as ArrayLike<number>;
  for (let i = 0; i < list.length; i++) {
    if (isWithin(list[i], bounds)) continue;
    const problem = `${name}[${i}] is ${describeNumber(list[i])}; it must be a finite number${ends(bounds)}.`;
    throw new ArgumentError(where, problem);
  }
}

function isWithin(value: unknown, { least, above, below, most }: Bounds): boolean {
  return (
    Number.isFinite(value) &&
    !((value as number) < least! || (value as number) > most!) &&
    !((value as number) <= above! || (value as number) >= below!)
  );
}

/** As a message adds it: " of at least 0 and below 1". */
function ends({ least, above, below, most }: Bounds): string {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  const told = [
    least === undefined ? "" : `of at least ${least}`,
    above === undefined ? "" : `above ${above}`,
    below === undefined ? "" : `below ${below}`,
    most === undefined ? "" : `at most ${most}`,
  ].filter(Boolean);
  return told.length === 0 ? "" : ` ${told.join(" and ")}`;
}

/** A number as it is, anything else in words. */
export function describeNumber(value: unknown): string {
  return typeof value === "number" ? String(value) : describeValue(value);
}

/** @throws ArgumentError unless the value is one of the names */
export function checkChoice(where: string, what: string, value: unknown, names: readonly string[]): void {
  if (names.includes(value as string)) return;
  const near = typeof value === "string" ? nearest(value, names) : undefined;
  throw new ArgumentError(
    where,
    `the ${what} is ${describeValue(value)}; there are ${names.join(", ")}.`,
    near && `did you mean "${near}"?`,
  );
}

/** A check of an argument by its name, which throws unless the value is what it is to be. */
export type Check = (where: string, name: string, value: unknown) => void;

/** A finite number. From this and the following, checks of what is made of others: `fields({ title: text, curves: listOf(numbers) })`. */
export const number: Check = (where, name, value) => checkWithin(where, name, value);

/** A list of finite numbers. */
export const numbers: Check = (where, name, value) => checkNumbers(where, name, value);

/** A list, of whatever: for those whose numbers have rules of their own. */
export const list: Check = (where, name, value) => checkList(where, name, value);

/** A function. */
export const callable: Check = (where, name, value) => checkKind(where, name, value, "function");

/** Text. */
export const text: Check = (where, name, value) => checkKind(where, name, value, "text");

/** One of the names. */
/* @__NO_SIDE_EFFECTS__ */ export function oneOf(names: readonly string[]): Check {
  return (where, name, value) => checkChoice(where, name, value, names);
}

/** A number within bounds. */
/* @__NO_SIDE_EFFECTS__ */ export function within(bounds: Bounds): Check {
  return (where, name, value) => checkWithin(where, name, value, bounds);
}

/** A whole number of at least so much. */
/* @__NO_SIDE_EFFECTS__ */ export function count(least: number): Check {
  return (where, name, value) => checkCount(where, name, value, least);
}

/** Left out, or what the check takes. */
/* @__NO_SIDE_EFFECTS__ */ export function optional(check: Check): Check {
  return (where, name, value) => {
    if (value !== undefined) check(where, name, value);
  };
}

/** An array of what the check takes. */
/* @__NO_SIDE_EFFECTS__ */ export function listOf(check: Check): Check {
  return (where, name, value) => {
    checkArray(where, name, value);
    // Not forEach, which leaves holes out.
    for (const [i, one] of (value as unknown[]).entries()) check(where, `${name}[${i}]`, one);
  };
}

/** An object with what the checks take; what else it has is its own affair. */
/* @__NO_SIDE_EFFECTS__ */ export function fields(checks: Readonly<Record<string, Check>>): Check {
  return (where, name, value) => {
    checkKind(where, name, value, "object");
    for (const key in checks) checks[key](where, `${name}.${key}`, (value as Record<string, unknown>)[key]);
  };
}

/** Options within options: an object that has no names but these. */
/* @__NO_SIDE_EFFECTS__ */ export function settings(checks: Readonly<Record<string, Check>>): Check {
  return (where, name, value) => {
    checkKind(where, name, value, "object");
    checkSettings(`${where}.${name}`, value, checks);
  };
}

/**
 * Options that have no names but those of the checks, and what these take.
 *
 * @throws ArgumentError as {@link checkOptions}, and as the checks
 */
export function checkSettings(
  where: string,
  options: unknown,
  checks: Readonly<Record<string, Check>>,
): void {
  checkOptions(where, options, Object.keys(checks));
  for (const key in checks) checks[key](where, key, (options as Record<string, unknown> | undefined)?.[key]);
}

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

/** @throws ArgumentError unless the value is a whole number of at least `least`, and at most `most` */
export function checkCount(
  where: string,
  name: string,
  value: unknown,
  least = 1,
  most: number = Infinity,
): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const ends = Number.isFinite(value) && (value as number) > most ? `at most ${most}` : `at least ${least}`;
  throw new ArgumentError(where, `${name} is a whole number of ${ends}; got ${describeValue(value)}.`);
}

/** As long as an array can be. */
export const LONGEST = 0xffffffff;

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
  if (isGenerator(result)) {
    throw new ArgumentError(
      where,
      "the function returned a generator, which runs later, outside of the setting.",
      `iterate inside, or wrap what happens between two yields in ${where}().`,
    );
  }
  return result as T;
}
