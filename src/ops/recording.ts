/** What is being recorded, under which name, and who watches: the switches that `apply` looks at. */

import type { Attributes, Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Sees every application of an operation. */
export type Observer = (
  operation: Operation,
  inputs: readonly Tensor[],
  output: Tensor,
  attributes: Attributes,
) => void;

let recording = true;

/** The composite operation that runs now, such as "softmax"; "" outside. */
export let scope = "";

/** Who watches; null: nobody. Nodes keep their call sites meanwhile. */
export let observer: Observer | null = null;

/** Whether operations on differentiated tensors are being recorded. */
export function isRecording(): boolean {
  return recording;
}

/** Runs `body` with recording on or off. */
export function withRecording<T>(on: boolean, body: () => T): T {
  const before = recording;
  recording = on;
  try {
    return body();
  } finally {
    recording = before;
  }
}

/** Runs `body` as part of a composite operation: what it records carries the composite's name. */
export function withScope<T>(name: string, body: () => T): T {
  const before = scope;
  scope = before === "" ? name : `${before}/${name}`;
  try {
    return body();
  } finally {
    scope = before;
  }
}

/** Lets `watch` see every application while `body` runs. */
export function withObserver<T>(watch: Observer, body: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return body();
  } finally {
    observer = before;
  }
}
