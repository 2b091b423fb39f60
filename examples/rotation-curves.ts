/**
 * The main job in one file: rotation curves from physics, a small network that learns to take noise off them, and
 * new curves from pure noise. `halograd run` does the same with all the figures.
 */

import { mseLoss, noGrad, normal, Random, type Tensor, uniform } from "halograd";
import { Standardization } from "halograd/diffusion";
import { logSpacedRadii, rotationCurves, samplePopulation } from "halograd/galaxy";
import { Linear, Module, silu } from "halograd/nn";
import { Adam } from "halograd/optim";

const EPOCHS = Number(process.argv[2] ?? 2001);
const random = new Random(0);

// 1. The data: 1000 galaxies, each a dark halo (NFW) and an exponential disc, at 50 radii from 0.1 to 50 kpc.
const radii = logSpacedRadii(50, 0.1, 50);
const galaxies = samplePopulation({ count: 1000, random: random.fork("galaxies") });
const { velocities } = rotationCurves(galaxies, radii);
const curves = galaxies.map((_, i) => velocities.subarray(i * 50, (i + 1) * 50));
console.log(`${curves.length} galaxies, up to ${Math.max(...velocities).toFixed(0)} km/s`);

// 2. Networks like numbers around 0, so the curves are shifted and scaled by one mean and one standard deviation.
random.fork("split").shuffle(curves);
const standardization = Standardization.of(curves.slice(200));
const train = standardization.apply(curves.slice(200)); // [800, 50]
const valid = standardization.apply(curves.slice(0, 200)); // [200, 50]

// 3. The network squeezes 50 velocities through 4 numbers. The skip connections hand the detail past the bottleneck.
class DenoisingAutoencoder extends Module {
  encoder: Linear[];
  decoder: Linear[];

  constructor(random: Random) {
    super();
    this.encoder = [new Linear(50, 32, random), new Linear(32, 16, random), new Linear(16, 4, random)];
    this.decoder = [new Linear(4, 16, random), new Linear(16, 32, random), new Linear(32, 50, random)];
  }

  forward(x: Tensor): Tensor {
    const wide = silu(this.encoder[0].forward(x));
    const narrow = silu(this.encoder[1].forward(wide));
    const code = silu(this.encoder[2].forward(narrow));
    const up = silu(this.decoder[0].forward(code));
    const upper = silu(this.decoder[1].forward(up.add(narrow)));
    return this.decoder[2].forward(upper.add(wide));
  }
}

const model = new DenoisingAutoencoder(random.fork("weights"));
const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });

// 4. Training: mix each curve with a random amount a of noise, ask for the clean curve back.
const noiseSource = random.fork("training");
for (let epoch = 0; epoch < EPOCHS; epoch++) {
  const a = uniform([800, 1], noiseSource);
  const noise = normal([800, 50], noiseSource);
  const noisy = train.mul(a.neg().add(1)).add(noise.mul(a)); // (1 − a) x + a ε
  const loss = mseLoss(model.forward(noisy), train);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (epoch % 100 === 0) {
    const validLoss = noGrad(() => mseLoss(model.forward(valid), valid));
    console.log(
      `epoch ${String(epoch).padStart(4)}   train ${loss.item().toFixed(4)}   valid ${validLoss.item().toFixed(4)}`,
    );
  }
}

// 5. Sampling: start from pure noise, and go a little of the way to the network's guess, 31 times.
const samples = noGrad(() => {
  let x = normal([5, 50], random.fork("samples"));
  const steps = 31;
  for (let i = 0; i < steps; i++) {
    const m = 1 / (steps - i);
    x = x.mul(1 - m).add(model.forward(x).mul(m));
  }
  return x;
});

console.log("\nnew rotation curves, km/s:");
console.log(`R [kpc]  ${[0, 12, 24, 36, 49].map((i) => radii[i].toFixed(1).padStart(7)).join("")}`);
for (const [i, curve] of standardization.invert(samples).entries()) {
  console.log(`sample ${i + 1} ${[0, 12, 24, 36, 49].map((r) => curve[r].toFixed(0).padStart(7)).join("")}`);
}
