/** Figures from smooth curves of plausible shape and a fixed pseudo-noise, for tests. */
import {
  curvesFigure,
  lossFigure,
  noiseFigure,
  predictionsFigure,
  type ScaleKind,
  samplingFigure,
} from "../../src/plot/index.ts";

export const radii: number[] = Array.from({ length: 50 }, (_, i) => 0.1 * 500 ** (i / 49));

/** A curve that rises over `turn` kpc to `height` km/s. */
export function curve(height: number, turn = 2): number[] {
  return radii.map((r) => height * Math.sqrt(r / (r + turn)));
}

export function noisy(clean: readonly number[], amount: number): number[] {
  return clean.map((v, i) => (1 - amount) * v + amount * (140 + 130 * Math.sin(97.3 * i * i + 10 * amount)));
}

export const masses: number[] = Array.from({ length: 1000 }, (_, i) => 10 ** (9 + 3 * ((i * 0.618) % 1)));
export const curves: number[][] = masses.map((mass, i) => curve(mass ** 0.25 / 2, 0.5 + (i % 7)));
export const epochs: number[] = Array.from({ length: 2001 }, (_, i) => i);
export const train: number[] = epochs.map((e) => 0.15 + 0.85 / (1 + e / 50) + 0.02 * Math.sin(e * e));
export const valid: number[] = epochs.map((e) => 0.04 + 0.8 / (1 + e / 30) + 0.01 * Math.cos(e * e));

export function sampleFigures(
  scale?: ScaleKind,
): Record<"curves" | "loss" | "noise" | "predictions" | "sampling", string> {
  const axis = scale === undefined ? {} : { scale };
  const clean = curve(220);
  const amounts = [0.1, 0.2, 0.5, 0.7, 0.9];
  return {
    curves: curvesFigure({ radii, curves, discMasses: masses, ...axis }),
    loss: lossFigure({ epochs, train, valid }),
    noise: noiseFigure({
      radii,
      clean,
      noisy: [0.1, 0.3, 0.5, 0.7, 1].map((amount) => ({ amount, curve: noisy(clean, amount) })),
      ...axis,
    }),
    predictions: predictionsFigure({
      radii,
      cases: ["A & B", "<C>"].flatMap((galaxy, g) =>
        amounts.map((amount) => {
          const data = curve(150 + 100 * g);
          return { galaxy, amount, data, noisy: noisy(data, amount), prediction: noisy(data, amount / 10) };
        }),
      ),
      ...axis,
    }),
    sampling: samplingFigure({
      radii,
      samples: [1, 2, 3, 4, 5].map((k) => ({
        snapshots: [0, 10, 20, 30].map((step) => {
          const end = curve(80 * k);
          return { step, state: noisy(end, 1 - step / 31), prediction: noisy(end, 0.2 - step / 150) };
        }),
      })),
      ...axis,
    }),
  };
}
