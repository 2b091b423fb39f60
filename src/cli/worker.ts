/** A thread beside the program's: works on one galaxy after the other, as its command's table entry says. */

import { workerData } from "node:worker_threads";
import { Interruption } from "../node/interruption.ts";
import { serve } from "../node/workers.ts";
import { chooseBackend, commands } from "./commands.ts";
import type { ThreadData } from "./context.ts";

/** Waits for galaxies. */
export async function start(): Promise<void> {
  const { state, command, backend, setup } = workerData as ThreadData & { readonly state: Int32Array };
  await chooseBackend(`halograd ${command}`, backend);
  const work = await commands.get(command)?.work?.();
  if (work === undefined) throw new Error(`${command} has no work for threads`);
  serve(work(setup), new Interruption(state));
}
