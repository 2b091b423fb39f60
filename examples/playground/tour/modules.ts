/**
 * Runs what a learner writes: modules as text, which import each other and the packages that are handed in. Workers have no
 * import maps, so the statements of modules are rewritten, on the same lines, and errors keep their places.
 */

import { type ImportDeclaration, type Node, type Program, parse } from "acorn";

/** What a module exports. */
export type Exports = Readonly<Record<string, unknown>>;

/** Where modules come from, and where what they print goes. */
export interface Host {
  /** The code of `./name.js`; null where there is none. */
  source(name: string): string | null;
  /** A package that may be imported; null for any other. */
  package(name: string): Promise<Exports> | null;
  /** A line that was printed. */
  print(line: string): void;
}

/** A mistake in code that cannot be run, at its place. */
export class CodeError extends Error {
  readonly file: string;
  readonly line: number;
  constructor(message: string, file: string, line: number) {
    super(message);
    this.file = file;
    this.line = line;
  }
}

/**
 * Runs the module `./name.js` and what it imports, each once.
 *
 * @throws CodeError for what cannot be parsed or imported; else what the code throws
 */
export function runModule(name: string, host: Host): Promise<Exports> {
  const running = new Map<string, Promise<Exports>>();
  const run = (name: string, importers: readonly string[]): Promise<Exports> => {
    const started = running.get(name) ?? evaluate(name, host.source(name)!, importers);
    running.set(name, started);
    return started;
  };
  const evaluate = async (name: string, code: string, importers: readonly string[]): Promise<Exports> => {
    const { imports, body } = rewrite(name, code);
    const modules: Record<string, Exports> = {};
    for (const { specifier, names, line } of imports) {
      const local = /^\.\/([\w-]+)\.js$/.exec(specifier)?.[1];
      if (local !== undefined && [...importers, name].includes(local))
        throw new CodeError(`${specifier} imports this file, directly or through others.`, name, line);
      const found =
        local === undefined
          ? host.package(specifier)
          : host.source(local) === null
            ? null
            : run(local, [...importers, name]);
      if (found === null) throw new CodeError(`There is no ${specifier} to import from.`, name, line);
      modules[specifier] = await found;
      for (const wanted of names)
        if (!(wanted in modules[specifier]))
          throw new CodeError(`${specifier} has no export ${wanted}.`, name, line);
    }
    const console = {
      log: (...values: unknown[]) => host.print(values.map((value) => show(value)).join(" ")),
    };
    // Indirect, so that the code sees nothing of this function.
    // biome-ignore lint/security/noGlobalEval: running code from text is what this file is for
    const start: (modules: object, console: object) => Promise<Exports> = globalThis.eval(body);
    return start(modules, { ...console, info: console.log, warn: console.log, error: console.log });
  };
  return run(name, []);
}

/** What went wrong, and where in a learner's files. */
export interface Problem {
  readonly message: string;
  /** Null where it was not thrown in one of them. */
  readonly place: { readonly file: string; readonly line: number } | null;
}

/** Describes whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CodeError)
    return { message: error.message, place: { file: error.file, line: error.line } };
  const found = /tour-code\/([\w-]+)\.js:(\d+)/.exec((error as Error)?.stack ?? "");
  return {
    message:
      (error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${show(error)}`) +
      lineInWebKit(error),
    place: found && { file: found[1], line: Number(found[2]) },
  };
}

/** WebKit knows the line of an error in evaluated code, but not the file. */
function lineInWebKit(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const { line, sourceURL } = error as Error & { line?: unknown; sourceURL?: unknown };
  return typeof line === "number" && sourceURL === undefined ? ` (line ${line})` : "";
}

interface Import {
  readonly specifier: string;
  readonly names: readonly string[];
  readonly line: number;
}

/** The text of an async function in place of the module, with the same lines, and what the module imports. */
function rewrite(name: string, code: string): { imports: Import[]; body: string } {
  let program: Program;
  try {
    program = parse(code, {
      ecmaVersion: 2022,
      sourceType: "module",
      allowAwaitOutsideFunction: true,
      locations: true,
    });
  } catch (error) {
    const { message, loc } = error as SyntaxError & { loc?: { line: number } };
    throw new CodeError(`${message.replace(/ \(\d+:\d+\)$/, "")}.`, name, loc?.line ?? 1);
  }
  const imports: Import[] = [];
  const exported: [as: string, local: string][] = [];
  let text = code;
  const blank = (start: number, end: number, by = ""): void => {
    const old = text.slice(start, end);
    const lines = old.split("\n").length - 1;
    // Spaces keep places behind it, where what comes in is no longer.
    text = text.slice(0, start) + by.padEnd(old.length - lines) + "\n".repeat(lines) + text.slice(end);
  };
  // From the end on, so that places in front stay.
  for (const statement of program.body.toReversed()) {
    const line = statement.loc!.start.line;
    const { start, end } = statement;
    if (statement.type === "ImportDeclaration") {
      const { specifier, names, declaration } = importOf(statement);
      imports.unshift({ specifier, names, line });
      blank(start, end, declaration);
    } else if (statement.type === "ExportNamedDeclaration" && statement.source == null) {
      const { declaration } = statement;
      if (declaration == null) {
        for (const { local, exported: as } of statement.specifiers)
          exported.push([nameIn(as), nameIn(local)]);
        blank(start, end);
      } else {
        for (const declared of declaration.type === "VariableDeclaration"
          ? declaration.declarations
          : [declaration])
          if (declared.id.type === "Identifier") exported.push([declared.id.name, declared.id.name]);
        blank(start, declaration.start);
      }
    } else if (statement.type.startsWith("Export"))
      throw new CodeError("Write exports as export function, export class or export const.", name, line);
  }
  const returned = exported.map(([as, local]) => `get ${as}() { return ${local}; }`).join(", ");
  return {
    imports,
    body: `(async function (modules, console) { "use strict"; ${text}\nreturn { ${returned} }; })\n//# sourceURL=tour-code/${name}.js`,
  };
}

function importOf({ specifiers, source }: ImportDeclaration): {
  specifier: string;
  names: string[];
  declaration: string;
} {
  const specifier = String(source.value);
  const from = `modules[${JSON.stringify(specifier)}]`;
  const named: [string, string][] = [];
  const whole: string[] = [];
  for (const part of specifiers) {
    if (part.type === "ImportNamespaceSpecifier") whole.push(`const ${part.local.name} = ${from};`);
    else named.push([part.type === "ImportSpecifier" ? nameIn(part.imported) : "default", part.local.name]);
  }
  const names = named.map(([imported]) => imported);
  const list = named.map(([imported, local]) => (imported === local ? local : `${imported}: ${local}`));
  return {
    specifier,
    names,
    declaration: [...(list.length > 0 ? [`const { ${list.join(", ")} } = ${from};`] : []), ...whole].join(
      " ",
    ),
  };
}

const nameIn = (node: Node & { name?: string; value?: unknown }): string => node.name ?? String(node.value);

/** A value as a console prints it, short. */
export function show(value: unknown, depth = 0): string {
  if (typeof value === "string") return depth === 0 ? value : JSON.stringify(value);
  if (typeof value === "function")
    return `[${/^class/.test(String(value)) ? "class" : "function"} ${value.name}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const isList = Array.isArray(value) || ArrayBuffer.isView(value);
  const name = value.constructor?.name ?? "";
  const label = name === "Object" || name === "Array" || name === "" ? "" : `${name} `;
  if (depth > 3) return isList ? `${label}[…]` : `${label}{…}`;
  const inner = (item: unknown): string => show(item, depth + 1);
  const most = 20;
  if (isList) {
    const items = Array.from(value as ArrayLike<unknown>);
    const shown = items.slice(0, most).map(inner);
    const rest = items.length > most ? [`… ${items.length - most} more`] : [];
    return items.length === 0 ? `${label}[]` : `${label}[ ${[...shown, ...rest].join(", ")} ]`;
  }
  if (value instanceof Map)
    return `Map { ${[...value]
      .slice(0, most)
      .map(([key, item]) => `${inner(key)} => ${inner(item)}`)
      .join(", ")} }`;
  if (value instanceof Set) return `Set { ${[...value].slice(0, most).map(inner).join(", ")} }`;
  // Tensors of the package, and whatever else says itself what it is.
  if (Object.prototype.toString !== value.toString) return String(value);
  const entries = Object.entries(value).slice(0, most);
  return entries.length === 0
    ? `${label}{}`
    : `${label}{ ${entries.map(([key, item]) => `${key}: ${inner(item)}`).join(", ")} }`;
}
