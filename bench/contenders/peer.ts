/** Loads the libraries in bench/peers, which are JavaScript that is not compiled, and the curves that they train on. */

import { readFileSync, writeFileSync } from "node:fs";
import type { Library } from "../contender.ts";
import { type Curves, FEATURES } from "../tasks.ts";

/** What a module in bench/peers exports. */
export interface PeerModule {
  /** The library, its backend ready. `variant` names the backend where there are several. */
  load(variant: string): Promise<Library>;
  /** The first thing one would compute: a small product and its gradient, read out. */
  firstResult(variant: string): Promise<number>;
}

/** This file runs as .build/bench/contenders/peer.js. */
export const PEERS: URL = new URL("../../../bench/peers/", import.meta.url);

export function importPeer(module: string): Promise<PeerModule> {
  return import(new URL(`${module}.js`, PEERS).href);
}

export async function loadPeer(module: string, variant: string): Promise<Library> {
  return (await importPeer(module)).load(variant);
}

const TRAIN_CURVES = 800;

/** Writes curves as float32, little-endian: the training part, then the validation part. */
export function writeCurves(path: string, { train, valid }: Curves): void {
  writeFileSync(path, Float32Array.of(...train, ...valid));
}

export function readCurves(path: string): Curves {
  const bytes = readFileSync(path);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return {
    train: values.subarray(0, TRAIN_CURVES * FEATURES),
    valid: values.subarray(TRAIN_CURVES * FEATURES),
  };
}
