/**
 * The cotangents of one backward walk: for each node the sum of its contributions so far, and the memory behind the sums.
 *
 * Sums stand on the nodes themselves, since a map costs a third of the time of a graph of scalars. A walk that nobody watches
 * gives memory up as soon as no node of it has that memory any more, be it under another shape: a gradient rule may hand
 * the cotangent on as it is, or a view of it. What came from outside, or may be known outside, is kept.
 */

import { isContiguous, type Span, sameShape } from "../basics/shape.ts";
import { watcher } from "../kernels/index.ts";
import { isTensor } from "../ops/operands.ts";
import { isForgetful, type Node, observer } from "../ops/operation.ts";
import { placeSpans } from "../ops/spans.ts";
import type { Tensor } from "../ops/tensor.ts";
import { notCotangent, overtaken } from "./errors.ts";

/** The sums of one walk. */
export class Cotangents {
  readonly #walk = nextWalk++;
  readonly #discards: boolean;
  /** What is still to be put among zeros and added to the sum of a node. */
  readonly #parts = new Map<Node, Parts>();

  /**
   * Sums of nothing, for the nodes of a walk.
   *
   * @param discards whether cotangents are seen by the walk only, so that their memory can be given up
   */
  constructor(nodes: readonly Node[], discards: boolean) {
    this.#discards = discards;
    for (let i = 0; i < nodes.length; i++) {
      nodes[i].walk = this.#walk;
      nodes[i].cotangent = null;
      nodes[i].ownsCotangent = false;
    }
  }

  /** What the walk starts from. */
  seed(node: Node, cotangent: Tensor): void {
    node.cotangent = cotangent;
    keepForever(cotangent);
  }

  /**
   * The sum so far; null where nothing has contributed.
   *
   * @throws TapeError where another walk has taken the node over meanwhile
   */
  of(node: Node): Tensor | null {
    if (node.walk !== this.#walk) throw overtaken(node);
    if (this.#parts.size > 0) this.#place(node);
    return node.cotangent;
  }

  /**
   * Adds the cotangent of `from` to that of `target`, of which it is a part. Parts wait for each other until they are as
   * large as the whole: n rows then cost what one matrix does, and not n of them.
   */
  addPart(target: Node, spans: readonly Span[], from: Node): void {
    if (target.walk !== this.#walk) throw overtaken(target);
    const part = from.cotangent!;
    const waiting = this.#parts.get(target) ?? { parts: [], places: [], size: 0 };
    this.#parts.set(target, waiting);
    if (waiting.size === 0 && target.cotangent !== null) {
      waiting.parts.push(target.cotangent);
      waiting.places.push(target.output.shape.map((count) => ({ start: 0, step: 1, count })));
    }
    waiting.parts.push(part);
    waiting.places.push(spans);
    waiting.size += part.size;
    if (this.#discards) part.storage.holders++;
    if (waiting.size >= target.output.size) this.#place(target);
  }

  /** The sum with all parts that wait. */
  #place(node: Node): void {
    const waiting = this.#parts.get(node);
    if (waiting === undefined) return;
    this.#parts.delete(node);
    node.cotangent = placeSpans(waiting.parts, waiting.places, node.output.shape);
    node.ownsCotangent = false;
    if (!this.#discards) return;
    node.cotangent.storage.holders++;
    for (const part of waiting.parts) release(part);
  }

  /** Adds a contribution to the sum of `target`: what the gradient rule of `from` has made of its cotangent. */
  add(target: Node, contribution: Tensor, from: Node): void {
    const before = this.of(target);
    const cotangent = from.cotangent!;
    // Single numbers take no memory worth giving up. One number repeated is not single: a sum with it has elements.
    const isSingle =
      contribution.storage.size === 1 && cotangent.storage.size === 1 && contribution.size === 1;
    if (isSingle && this.#discards && target.ownsCotangent && observer === null && watcher === null) {
      // In place, where nobody watches the additions: a fifth of the time of a graph of scalars that use one parameter again and again.
      const { storage } = before!;
      storage.set(0, storage.get(0) + contribution.storage.get(0));
      return;
    }
    const sum = before === null ? contribution : before.add(contribution);
    target.cotangent = sum;
    target.ownsCotangent = isSingle && before !== null;
    if (isSingle || !this.#discards) return;
    if (!isForgetful(from.operation!)) keepForever(contribution);
    sum.storage.holders++;
    if (before === null) return;
    contribution.storage.holders++;
    release(contribution);
    release(before);
  }

  /** The node has handed its cotangent on. A rule that a user wrote may have kept it, whatever it returned. */
  drop(node: Node): void {
    const { cotangent, operation } = node;
    if (this.#discards && cotangent !== null && (operation === null || isForgetful(operation)))
      release(cotangent);
    node.cotangent = null;
  }

  /** A cotangent in memory of its own, to be kept: it may be shared with other leaves, or be a view of the user's tensor. */
  own(cotangent: Tensor): Tensor {
    const { storage } = cotangent;
    const isAlone =
      this.#discards &&
      storage.holders === 1 &&
      storage.size === cotangent.size &&
      isContiguous(cotangent.shape, cotangent.strides);
    if (!isAlone) return cotangent.clone();
    keepForever(cotangent);
    return cotangent;
  }
}

interface Parts {
  readonly parts: Tensor[];
  readonly places: (readonly Span[])[];
  /** How many elements the parts have. */
  size: number;
}

let nextWalk = 1;

/** More than a walk can release; a whole number, as a field that once held Infinity costs an object in every storage. */
const FOREVER = 2 ** 30 - 1;

function keepForever({ storage }: Tensor): void {
  storage.holders = FOREVER;
}

function release({ storage }: Tensor): void {
  if (--storage.holders === 0 && storage.size > 1) storage.discard();
}

/** A cotangent given by a user: a tensor of the shape and dtype of the value that it belongs to. */
export function checkCotangent(where: string, given: unknown, of: Tensor, name = "cotangent"): void {
  const fits = isTensor(given) && sameShape(given.shape, of.shape) && given.dtype === of.dtype;
  if (!fits) throw notCotangent(where, given, of, name);
}
