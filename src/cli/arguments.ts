/**
 * The grammar of the command line. What a command offers is described once, as data; parsing, checks, suggestions
 * and help follow from the description.
 */

import { parseArgs } from "node:util";
import { clip, nearest } from "../basics/check.ts";
import { HalogradError } from "../basics/errors.ts";
import { decimalOf } from "../io/csv.ts";

/** Words on the command line that halograd does not understand: exit code 2. */
export class UsageError extends HalogradError {}

/** One option of a command. */
export interface Option<T> {
  readonly help: string;
  /** Stands for the value in the help: "N", "FILE". A flag has none. */
  readonly placeholder?: string;
  /** The value when the option is not given. */
  readonly standard: T;
  /** How the help puts `standard`; by default as it is, and nothing for `undefined` and flags. */
  readonly standardText?: string;
  /** What a value must be: "a whole number from 1 to 10". */
  readonly rule: string;
  /** Whether it may be given several times, for different names: NAME=X. */
  readonly named?: boolean;
  /** Another option without which it does nothing, or that option's value. */
  readonly partner?: readonly [option: string, value?: string];
  /** The option of a file in whose folder this one, a folder, is unless it is given. */
  readonly folderOf?: string;
  /**
   * The value of a text; `undefined` when it breaks the rule.
   *
   * @param former what the option has been given before, or `standard`: for those that add up
   */
  read(text: string, former: T): T | undefined;
}

/** The options of a command by their names in camelCase; on the command line `learningRate` is `--learning-rate`. */
export type Options<Values = Readonly<Record<string, unknown>>> = {
  readonly [Name in keyof Values]: Option<Values[Name]>;
};

/** What stands on a command line beside the options. */
interface Operands {
  /** "FILE" */
  readonly name: string;
  readonly help: string;
  readonly least: number;
  readonly most: number;
  /** The words that are allowed; by default any. */
  readonly choices?: readonly string[];
}

/** What help and parsing need to know of a command. */
export interface Grammar<Values = Readonly<Record<string, unknown>>> {
  /** One line, without a full stop. */
  readonly summary: string;
  /** Further lines of the help. */
  readonly details?: string;
  readonly operands?: Operands;
  /** Words of the help that need a definition, a line or two each. */
  readonly terms?: readonly (readonly [term: string, definition: string])[];
  readonly options: Options<Values>;
}

/** A whole number within bounds, both included. */
export function integer<T extends number | undefined>(
  standard: T,
  least: number,
  most: number,
  help: string,
  standardText?: string,
): Option<T | number> {
  const bounds =
    least === Number.MIN_SAFE_INTEGER ? "between −2⁵³ and 2⁵³" : `from ${least} to ${most.toFixed(0)}`;
  return {
    placeholder: "N",
    standard,
    help,
    rule: `a whole number ${bounds}`,
    read: (text) => {
      const value = decimalOf(text);
      return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
    },
    ...(standardText !== undefined && { standardText }),
  };
}

/** From `least` to `most`; `above` and `below` leave the ends out. */
interface Bounds {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** A number within bounds. */
export function real<T extends number | undefined>(
  standard: T,
  bounds: Bounds,
  help: string,
  standardText?: string,
): Option<T | number> {
  const { least = -Infinity, above = -Infinity, most = Infinity, below = Infinity } = bounds;
  const ends = [
    bounds.least === undefined ? "" : `from ${least}`,
    bounds.above === undefined ? "" : `above ${above}`,
    bounds.most === undefined ? "" : bounds.least === undefined ? `at most ${most}` : `to ${most}`,
    bounds.below === undefined ? "" : `below ${below}`,
  ].filter(Boolean);
  return {
    ...(standardText !== undefined && { standardText }),
    placeholder: "X",
    standard,
    help,
    rule: `a number ${ends.join(", ").replace(", to", " to")}`,
    read: (text) => {
      const value = decimalOf(text);
      return value >= least && value > above && value <= most && value < below ? value : undefined;
    },
  };
}

/** A file or folder. */
export function path<T extends string | undefined>(
  placeholder: "FILE" | "FOLDER",
  standard: T,
  help: string,
  standardText?: string,
): Option<T | string> {
  return {
    placeholder,
    standard,
    help,
    rule: `the path of a ${placeholder.toLowerCase()}`,
    read: (text) => (text === "" ? undefined : text),
    ...(standardText !== undefined && { standardText }),
  };
}

/** Any text. */
export function text(placeholder: string, help: string): Option<string | undefined> {
  return {
    placeholder,
    standard: undefined,
    help,
    rule: "a name",
    read: (word) => (word.trim() === "" ? undefined : word),
  };
}

/** One of a few words. */
export function choice<T extends string>(words: readonly [T, ...T[]], help: string): Option<T> {
  return {
    placeholder: "NAME",
    standard: words[0],
    help: `${words.join(", ")}: ${help}`,
    rule: `one of ${words.join(", ")}`,
    read: (text) => words.find((word) => word === text),
  };
}

/** Some of a few words, between commas. */
export function list<T extends string>(words: readonly T[], help: string): Option<readonly T[]> {
  return {
    placeholder: "LIST",
    standard: [],
    standardText: "none",
    help: `${words.join(", ")}: ${help}`,
    rule: `a list such as ${words.slice(0, 2).join(",")} of ${words.join(", ")}`,
    read: (text) => {
      const found = text.split(",").map((part) => words.find((word) => word === part.trim()));
      const isRight = !found.includes(undefined) && new Set(found).size === found.length;
      return isRight ? (found as T[]) : undefined;
    },
  };
}

/** Whole numbers above 0, between commas. */
export function counts(
  most: number,
  help: string,
  standardText: string,
): Option<readonly number[] | undefined> {
  return {
    placeholder: "LIST",
    standard: undefined,
    standardText,
    help,
    rule: `a list such as 32,16 of whole numbers from 1 to ${most}`,
    read: (text) => {
      const found = text.split(",").map(decimalOf);
      return found.every((value) => Number.isInteger(value) && value >= 1 && value <= most)
        ? found
        : undefined;
    },
  };
}

/** How the text of a value is read; `undefined` for one that will not do. */
type Reader<T> = (text: string) => T | undefined;

/** A number above 0. */
export const aboveZero: Reader<number> = (text) => {
  const value = decimalOf(text);
  return value > 0 && value < Infinity ? value : undefined;
};

/** Any text. */
export const anyText: Reader<string> = (text) => text;

/**
 * Values by name; given again, it adds to those given before.
 *
 * @param readers by name
 * @param value what a value is, for the rule: "a number above 0"
 */
export function assignments<Values extends object>(
  readers: { readonly [Name in keyof Values]-?: Reader<Values[Name]> },
  value: string,
  help: string,
): Option<Partial<Values>> {
  const words = Object.keys(readers).join(", ");
  return {
    placeholder: "NAME=X",
    standard: {},
    standardText: "none",
    named: true,
    help,
    rule: `NAME=X with a NAME of ${words}, and as X ${value}`,
    read: (text, former) => {
      const [, word = "", right = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      const found = Object.hasOwn(readers, word) ? readers[word as keyof Values](right) : undefined;
      return found === undefined ? undefined : { ...former, [word]: found };
    },
  };
}

/** The same option, which takes several assignments between commas too. A comma before no NAME= is one of a value. */
export function listed<Values extends object>(
  option: Option<Partial<Values>>,
  names: readonly (keyof Values & string)[],
): Option<Partial<Values>> {
  const next = new RegExp(`,(?=(?:${names.join("|")})=)`);
  return {
    ...option,
    placeholder: "NAME=X,...",
    read: (text, former) =>
      text.split(next).reduce<Partial<Values> | undefined>((values, part) => {
        const read = values && option.read(part.trim(), values);
        return read && names.every((name) => values[name] === undefined || values[name] === read[name])
          ? read
          : undefined;
      }, former),
  };
}

/** The same option, which does something only beside another one, or beside one value of that. */
export function beside<T>(option: Option<T>, name: string, value?: string): Option<T> {
  return { ...option, partner: value === undefined ? [name] : [name, value] };
}

/** An option that is there or not. */
export function flag(help: string): Option<boolean> {
  return { standard: false, help, rule: "without a value", read: () => undefined };
}

/** What the words behind a command's name say. */
interface ParsedWords {
  /** Of every option, given or not. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly operands: readonly string[];
  /** The words, those of an option behind its key; operands and the mark before them have none. */
  readonly given: readonly (readonly [key: string, ...words: string[]])[];
}

/**
 * Reads the words behind a command's name.
 *
 * @param where the command as the user calls it: "halograd train"
 * @throws UsageError for an unknown option, a value that is missing, not wanted or against its rule, an option that is
 *   given twice with two values, and a wrong number of operands
 */
export function parseWords(
  where: string,
  words: readonly string[],
  { options, operands }: Grammar,
): ParsedWords {
  const names = new Map(Object.keys(options).map((key) => [dashed(key), key]));
  const refuse = (problem: string, fix?: string): never => {
    throw new UsageError(where, problem, fix ?? `${where} --help lists what there is`);
  };
  // To parseArgs each letter behind one dash is an option, and a hundred thousand of them are more than its stack takes.
  for (const word of words)
    if (/^-[^-]/.test(word) && word.length > 60) refuse(`unknown option ${clip(word)}`);
  // Not `strict`, whose messages are long and which reads `--seed -1` as two options: the tokens are checked here.
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      [...names].map(([name, key]) => [name, { type: isFlag(options[key]) ? "boolean" : "string" }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  for (const [key, { standard }] of Object.entries(options)) values[key] = standard;
  const found: string[] = [];
  const given: [key: string, ...words: string[]][] = [];
  // What each option, or each name of an option of NAME=X, was given before.
  const before = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional") found.push(token.value);
    if (token.kind !== "option") {
      given.push(["", token.kind === "positional" ? token.value : "--"]);
      continue;
    }
    const { rawName, value } = token;
    const key = names.get(token.name);
    if (key === undefined) {
      const near = nearest(token.name, [...names.keys()]);
      return refuse(
        `unknown option ${clip(rawName)}`,
        near && `did you mean --${near}? ${where} --help lists all`,
      );
    }
    const isOneWord = value?.startsWith("-");
    given.push(
      isOneWord ? [key, `${rawName}=${value}`] : [key, rawName, ...(value === undefined ? [] : [value])],
    );
    const option = options[key];
    if (isFlag(option)) {
      if (value !== undefined)
        refuse(`${rawName} takes no value, but got "${clip(value)}"`, `write ${rawName} alone`);
      values[key] = true;
    } else if (value === undefined || (!token.inlineValue && /^--./.test(value))) {
      refuse(`${rawName} needs a value: ${option.rule}`, `write ${rawName} ${option.placeholder}`);
    } else {
      values[key] = option.read(value, values[key]);
      if (values[key] === undefined) {
        const standard =
          option.standard === undefined || typeof option.standard === "object"
            ? ""
            : `, such as ${option.standard}`;
        refuse(
          `${rawName} is "${clip(value)}", which is not ${option.rule}`,
          `give ${option.rule}${standard}`,
        );
      }
      const place = option.named ? `${key} ${value.slice(0, value.indexOf("="))}` : key;
      const former = before.get(place) ?? value;
      const [one, two] = [former, value].map((word) => JSON.stringify(option.read(word, option.standard)));
      if (one !== two) {
        refuse(`${rawName} is given twice, as "${clip(former)}" and "${clip(value)}"`, "give it once");
      }
      before.set(place, value);
    }
  }
  const isGiven = (key: string): boolean => values[key] !== options[key].standard;
  for (const [key, { partner: [other, value] = [] }] of Object.entries(options)) {
    if (other === undefined || !isGiven(key)) continue;
    if (value === undefined ? isGiven(other) : values[other] === value) continue;
    const wanted = `--${dashed(other)}${value === undefined ? "" : ` ${value}`}`;
    refuse(`--${dashed(key)} does nothing without ${wanted}`, `add ${wanted}, or leave --${dashed(key)} out`);
  }
  const { name = "", least = 0, most = 0, choices } = operands ?? {};
  if (found.length < least) {
    const problem = least > 1 ? `${least} files are needed, but ${found.length} given` : `${name} is missing`;
    refuse(problem, `write ${where} ${name}`);
  }
  if (found.length > most) refuse(`"${clip(found[most])}" is one word too many`);
  for (const word of found) {
    if (choices === undefined || choices.includes(word)) continue;
    const near = nearest(word, choices);
    refuse(
      `"${clip(word)}" is no ${name}`,
      near === undefined ? `choose from ${choices.join(", ")}` : `did you mean ${near}?`,
    );
  }
  return { values, operands: found, given };
}

/** How a command is called: "halograd train [options]". */
export function commandUsage(where: string, { operands }: Pick<Grammar, "operands">): string {
  const named = operands && (operands.least === 0 ? `[${operands.name} ...]` : operands.name);
  return [where, named, "[options]"].filter(Boolean).join(" ");
}

/** The help of one command. */
export function commandHelp(where: string, grammar: Grammar): string {
  const { summary, details, operands, options, terms } = grammar;
  const rows = Object.entries(options).map(([key, option]): [string, string] => [
    `--${dashed(key)}${isFlag(option) ? "" : ` ${option.placeholder}`}`,
    option.help + describeStandard(option),
  ]);
  const listed = operands ? [`${operands.name}`, operands.help] : undefined;
  return [
    `${where}: ${summary}`,
    `Usage: ${commandUsage(where, grammar)}`,
    ...(details === undefined ? [] : [wrap(details, 80).join("\n")]),
    columns([...(listed ? [listed as [string, string]] : []), ...rows]),
    ...(terms === undefined ? [] : [columns(terms)]),
  ].join("\n\n");
}

/** Two columns, the right one wrapped. */
export function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = rows.reduce((most, [left]) => Math.max(most, left.length), 0) + 4;
  return rows
    .map(
      ([left, right]) => `  ${left}`.padEnd(width) + wrap(right, 80 - width).join(`\n${" ".repeat(width)}`),
    )
    .join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1];
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** " (default: 31)"; nothing where there is none. */
export function describeStandard(option: Option<unknown>): string {
  const text = option.standardText ?? (isFlag(option) ? undefined : option.standard);
  return text === undefined ? "" : ` (default: ${text})`;
}

function isFlag(option: Option<unknown>): boolean {
  return option.placeholder === undefined;
}

/** `--learning-rate` of learningRate, without the dashes in front. */
export function dashed(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
