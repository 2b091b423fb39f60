/** The packages that code in the tour may import. Each is loaded when it is asked for. */

import type { Exports } from "./modules.ts";

const packages: Readonly<Record<string, () => Promise<Exports>>> = {
  halograd: () => import("halograd"),
  "halograd/galaxy": () => import("halograd/galaxy"),
  "halograd/plot": () => import("halograd/plot"),
  "halograd/testing": () => import("halograd/testing"),
};

/** A package by its name; null where it is not to be had. */
export function importPackage(name: string): Promise<Exports> | null {
  return Object.hasOwn(packages, name) ? packages[name]() : null;
}
