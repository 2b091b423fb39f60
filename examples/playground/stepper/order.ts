/** Backward in an order of one's own, to see what the right one is for: a node that hands on too early loses what comes later. */

import { type Node, onesLike, type Tensor } from "halograd";
import type { Recording } from "./steps.ts";

/** What a walk in some order gives. */
export interface Walked {
  /** What each node had received when it was done. */
  readonly gradients: ReadonlyMap<Node, Tensor>;
  /** Contributions to nodes that had handed on before, and those of nodes that were visited before they had a cotangent. */
  readonly lost: readonly {
    readonly node: Node;
    readonly target: Node;
    readonly contribution: Tensor | null;
  }[];
}

/** Visits the operations in the given order; each hands on what it has received by then. */
export function walkInOrder({ nodes }: Recording, order: readonly Node[]): Walked {
  const root = nodes[nodes.length - 1];
  const gradients = new Map<Node, Tensor>([[root, onesLike(root.output)]]);
  const lost: { node: Node; target: Node; contribution: Tensor | null }[] = [];
  const done = new Set<Node>();
  for (const node of order) {
    done.add(node);
    const cotangent = gradients.get(node);
    node.sources.forEach((target, index) => {
      if (target === null) return;
      if (cotangent === undefined) {
        lost.push({ node, target, contribution: null });
        return;
      }
      const contribution = node.operation!.gradient!(cotangent, node, index)?.detach();
      if (contribution === undefined) return;
      if (done.has(target)) lost.push({ node, target, contribution });
      const before = gradients.get(target);
      if (!done.has(target))
        gradients.set(target, before === undefined ? contribution : before.add(contribution));
    });
  }
  return { gradients, lost };
}

/** The operations from the result back, as `backward` visits them. */
export function rightOrder({ nodes }: Recording): Node[] {
  return nodes.filter(({ operation }) => operation !== null).reverse();
}

/** Each operation as soon as something has reached it, along one operand to the end before the next: depth first. */
export function eagerOrder({ nodes }: Recording): Node[] {
  const order = new Set<Node>();
  const waiting = [nodes[nodes.length - 1]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.operation === null || order.has(next)) continue;
    order.add(next);
    for (const source of next.sources.toReversed()) if (source !== null) waiting.push(source);
  }
  return [...order];
}
