/**
 * A library in a process of its own, on whichever Node this is started with: answers the requests of RemoteContender on
 * standard input. Nobody shares a process: once any library has grown a WebAssembly memory, V8 checks every typed array in
 * that process for having been detached, and loops in plain JavaScript take a third longer.
 *
 *     node serve.js <module> <variant> <curves>
 */

import { createInterface } from "node:readline";
import { type Library, LocalContender, type Request } from "../contender.ts";
import { roofline } from "../roofline.ts";
import { halograd } from "./halograd.ts";
import { loadPeer, readCurves } from "./peer.ts";
import { plain } from "./plain.ts";

const [module, variant, path] = process.argv.slice(2);
const own: Record<string, () => Library> = {
  halograd: () => halograd(variant),
  plain: () => plain,
  roof: () => roofline,
};
const library = await (own[module]?.() ?? loadPeer(module, variant));
const contender = new LocalContender(library, readCurves(path));
const say = (value: unknown): void => console.log(JSON.stringify(value));
say({ name: contender.name, version: contender.version });

for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ result: (await answer(JSON.parse(line))) ?? null });
  } catch (error) {
    say({ error: String(error).split("\n")[0] });
  }
}

function answer(request: Request): Promise<unknown> {
  switch (request.command) {
    case "prepare":
      return contender.prepare(request.task);
    case "sample":
      return contender.sample(request.seconds);
    case "release":
      return contender.release();
  }
}
