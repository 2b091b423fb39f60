/**
 * A library of bench/peers in a process of its own, on whichever Node this is started with: answers the requests of
 * RemoteContender on standard input.
 *
 *     node serve.js <module> <variant> <curves>
 */

import { createInterface } from "node:readline";
import { LocalContender, type Request } from "../contender.ts";
import { loadPeer, readCurves } from "./peer.ts";

const [module, variant, path] = process.argv.slice(2);
const contender = new LocalContender(await loadPeer(module, variant), readCurves(path));
const say = (value: unknown): void => console.log(JSON.stringify(value));
say({ name: contender.name, version: `${contender.version}, Node ${process.versions.node}` });

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
