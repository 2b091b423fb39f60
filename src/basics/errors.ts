/**
 * The one family of errors. Every mistake a user can make ends in a subclass of HalogradError whose
 * message names the operation, what it was given, the rule that this breaks, and the usual fix.
 */

/** The stack from here, above all else: the modules that run others import this one, and thus come after it in a bundle. */
export const firstLandmark = (): string => new Error().stack ?? "";

/** What a message says of a value that another copy of the package has made. There is one thing to do about it, whoever says so. */
export const OTHER_COPY = "of another copy of halograd";
const ONE_COPY = "install one copy (npm ls halograd); tensor(x.toArray()) takes elements over.";

/**
 * Base of all errors thrown on purpose. `instanceof HalogradError` tells a user's mistake from a bug.
 *
 * @example
 * try {
 *   matmul(ones([2]), ones([3]));
 * } catch (error) {
 *   if (error instanceof HalogradError) console.log(error.name, error.where); // ShapeError matmul
 * }
 */
export class HalogradError extends Error {
  /** Where it happened: an operation (`"matmul"`), a class (`"Adam"`), a file format (`"safetensors"`). */
  readonly where!: string;
  /** Which rule was broken, with the values: the message without the place and the fix. */
  readonly problem!: string;
  /** What to do about it; undefined where that goes without saying. */
  readonly fix!: string | undefined;

  /**
   * Composes the message.
   *
   * @param where the operation, class or format that refuses
   * @param problem what was given and which rule it breaks, with the shapes or values
   * @param fix what the user can do about it
   */
  constructor(where: string, problem: string, fix?: string) {
    if (problem.includes(OTHER_COPY)) fix = ONE_COPY;
    // Whatever it quotes of what was given, it is to be read.
    if (problem.length > 2000) problem = `${problem.slice(0, 2000)}…`;
    super(`${where}: ${problem}${fix === undefined ? "" : `\n  Fix: ${fix}`}`);
    hide(this, { where, problem, fix, name: new.target.name });
    shortenStack(this);
  }
}

/** Fields that consoles do not print: the message has them already. */
function hide(error: object, fields: object): void {
  for (const [name, value] of Object.entries(fields))
    Object.defineProperty(error, name, { value, enumerable: false });
}

/** Takes the engine's own frames from the stack of an error; nothing until the engine is loaded. */
let shortenStack: (error: Error) => void = () => {};

/** What knows the engine's files announces itself here. */
export function setStackShortener(shorten: (error: Error) => void): void {
  shortenStack = shorten;
}

/** Shapes that do not fit each other or the operation. */
export class ShapeError extends HalogradError {}

/** An axis, dimension or index outside the tensor it is used on. */
export class AxisError extends HalogradError {}

/** An unknown dtype, or dtypes that differ where they must be the same. */
export class DtypeError extends HalogradError {}

/** An argument or option of the wrong kind or out of its range. */
export class ArgumentError extends HalogradError {}

/** Differentiating what cannot be differentiated: no tape, a freed tape, a value changed in place. */
export class TapeError extends HalogradError {}

/**
 * A gradient rule that disagrees with differences of the values, found by `checkGradients`.
 *
 * @example
 * const wrong = unary({ name: "wrong", value: (m, x) => m.mul(x, x), derivative: (_, x) => x });
 * try {
 *   checkGradients((x) => wrong(x), [tensor(3)]);
 * } catch (error) {
 *   if (error instanceof GradientError) console.log(error.operation); // wrong
 * }
 */
export class GradientError extends HalogradError {
  /** Which of the inputs, counted from 0. */
  readonly input!: number;
  /** The input by name: "input 0", and for a tensor inside of one "input 0.weight". */
  readonly path!: string;
  /** The index of the element in it; null where the derivative was taken in a random direction. */
  readonly element!: readonly number[] | null;
  /** What the gradient rules give. */
  readonly analytic!: number;
  /** What differences of the values give. */
  readonly numeric!: number;
  /** The operation whose rule disagrees by itself; null where every one agrees. */
  readonly operation!: string | null;
  /** Where that operation was called. */
  readonly callSite!: string | null;

  /** The parts of the message, and what was found. */
  constructor(
    where: string,
    problem: string,
    fix: string,
    found: Pick<
      GradientError,
      "input" | "path" | "element" | "analytic" | "numeric" | "operation" | "callSite"
    >,
  ) {
    super(where, problem, fix);
    hide(this, found);
  }
}

/** Tensors that differ where a test asserts that they do not, found by `assertClose`. */
export class AssertionError extends HalogradError {}

/** A function that cannot be traced: it looks at values while `compile` watches it. */
export class TraceError extends HalogradError {}

/** A NaN or an infinity: the first one, found by `detectAnomaly`, or one among gradients that are to be clipped. */
export class AnomalyError extends HalogradError {}

/** A file or text that is not what it should be: truncated, foreign, inconsistent. */
export class FormatError extends HalogradError {}

/**
 * An error of an inner operation as one of the operation that the user called, so that `softmax(2)` does not complain of
 * `max`. Errors about tapes and values keep their place, which is what they are about; other errors are passed on.
 */
export function attributedTo(where: string, error: unknown): unknown {
  for (const kind of [ShapeError, AxisError, DtypeError, ArgumentError]) {
    if (error instanceof kind && error.where !== where) return new kind(where, error.problem, error.fix);
  }
  return error;
}
