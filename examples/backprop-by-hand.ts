/**
 * One expression, differentiated twice: by hand with the chain rule, and by the engine. Then the engine's own
 * backward pass in slow motion, contribution by contribution, to see that it does what the hand did.
 */

import { backwardSteps, describeNode, listTape, tensor } from "halograd";

// f(a, b) = (a b + sin a)², at a = 0.5, b = −2.
const a = 0.5;
const b = -2;

// By hand: name the intermediate values, then walk back from f and multiply by each local derivative.
const product = a * b;
const sine = Math.sin(a);
const sum = product + sine;
const dSum = 2 * sum; // f = sum²
const dProduct = dSum; // sum = product + sine
const dSine = dSum;
const dA = dProduct * b + dSine * Math.cos(a); // a is used twice, so two contributions add up
const dB = dProduct * a;
console.log(`by hand:       df/da = ${dA.toFixed(6)}   df/db = ${dB.toFixed(6)}`);

// By the engine: the same expression, recorded while it is computed.
const x = tensor(a, { requiresGrad: true });
const y = tensor(b, { requiresGrad: true });
const f = x.mul(y).add(x.sin()).square();
console.log("\nwhat was recorded:");
console.log(listTape(f));

console.log("\nbackward, one contribution at a time:");
for (const { node, target, contribution, total } of backwardSteps(f)) {
  const added = `adds ${contribution.item().toFixed(6)} to %${target.id}, which makes ${total.item().toFixed(6)}`;
  console.log(`  ${describeNode(node).padEnd(28)} ${added}`);
}
console.log(`\nby the engine: df/da = ${x.grad?.item().toFixed(6)}   df/db = ${y.grad?.item().toFixed(6)}`);
