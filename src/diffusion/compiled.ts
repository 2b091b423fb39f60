/** Compiled steps of the networks here: by themselves, where a network is as its class makes it. */

import { compile } from "../compile/compile.ts";
import { Linear } from "../nn/linear.ts";
import type { Module } from "../nn/module.ts";

/**
 * A function of a network, compiled if the network does nothing but compute. One that somebody has extended may do more, such as
 * look at values: compiled steps would leave that out.
 *
 * @param threads as of `compile`
 */
export function compiled<A extends readonly unknown[], R>(
  model: Module,
  kind: new (...given: never[]) => Module,
  f: (...given: A) => R,
  threads: number,
): (...given: A) => R {
  return onlyComputes(model, kind) ? compile(f, { threads }) : f;
}

function onlyComputes(model: Module, kind: new (...given: never[]) => Module): boolean {
  return model
    .modules()
    .every(
      (part) => part.constructor === (part === model ? kind : Linear) && !Object.hasOwn(part, "forward"),
    );
}
