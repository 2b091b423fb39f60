/** The sections of the benchmark and the tasks in each, for the whole run and for --quick. */

import type { Unit } from "./results.ts";
import { type Form, layersOf, type Task, TRIAL_STEPS, WIDTHS } from "./tasks.ts";

export interface Measure {
  readonly section: string;
  readonly label: string;
  readonly unit: Unit;
  readonly work: number;
  readonly task: Task;
}

/** In the order in which they run; start-up and main-job are processes (processes.ts). */
export const SECTIONS = [
  "matmul",
  "layers",
  "elementwise",
  "scalar",
  "training",
  "sampling",
  "batch",
  "width",
  "start-up",
  "main-job",
] as const;
export type Section = (typeof SECTIONS)[number];

const FORMS = { AB: "A·B", ABt: "A·Bᵀ", AtB: "Aᵀ·B" } as const;
const [ROWS, COLUMNS] = [800, 50]; // 40,000 elements: the batch of the main job

export function measures(section: Section, quick: boolean): Measure[] {
  switch (section) {
    case "matmul": {
      const sizes = quick ? [16, 64, 256] : [16, 32, 64, 128, 256, 512, 1024];
      return sizes.flatMap((n) =>
        (["AB", "ABt", "AtB"] as const).map((form) => product(section, `${FORMS[form]} ${n}`, form, n, n, n)),
      );
    }
    case "layers":
      return layersOf(WIDTHS)
        .slice(0, quick ? 2 : 6)
        .flatMap(([input, output]) => {
          const layer = `${input}→${output}`;
          return [
            product(section, `${layer} X·Wᵀ`, "ABt", 800, output, input),
            product(section, `${layer} dY·W`, "AB", 800, input, output),
            product(section, `${layer} dYᵀ·X`, "AtB", output, input, 800),
          ];
        });
    case "elementwise": {
      const unit = "ns/element";
      const common = { section, unit, work: ROWS * COLUMNS } as const;
      const size = { rows: ROWS, columns: COLUMNS };
      const elementwise = (quick ? ["add", "silu"] : ["add", "mul", "exp", "silu"]) as ("add" | "silu")[];
      const reductions = (quick ? ["sum"] : ["sum", "sum of rows", "sum of columns", "max"]) as "sum"[];
      return [
        ...elementwise.map((name) => ({
          ...common,
          label: name,
          task: { kind: "elementwise", name, ...size } as const,
        })),
        {
          ...common,
          label: "silu, sum, gradient",
          task: { kind: "elementwise", name: "silu-gradient", ...size },
        },
        ...reductions.map((name) => ({
          ...common,
          label: name,
          task: { kind: "reduction", name, ...size } as const,
        })),
        { ...common, label: "normal draws", task: { kind: "normal", ...size } },
      ];
    }
    case "scalar": {
      const operations = 300;
      const task = { kind: "scalar-graph", operations } as const;
      return [{ section, label: "forward + backward", unit: "µs/operation", work: operations, task }];
    }
    case "training":
      return [step(section, "step, 800 × 50", 800, WIDTHS, TRIAL_STEPS)];
    case "sampling": {
      const curves = quick ? 1000 : 10_000;
      const label = `${curves} curves × 31 steps`;
      return [
        {
          section,
          label,
          unit: "ms",
          work: 1,
          task: { kind: "sampling", curves, steps: 31, widths: WIDTHS },
        },
      ];
    }
    case "batch":
      return (quick ? [800, 4000] : [800, 2400, 8000, 24_000, 80_000]).map((batch) =>
        step(section, `batch ${batch}`, batch, WIDTHS),
      );
    case "width":
      return (quick ? [32, 128] : [32, 64, 128, 256, 512, 1024]).map((width) =>
        step(section, `width ${width}`, 800, [50, width, width / 2, width / 8]),
      );
    default:
      return [];
  }
}

function product(section: string, label: string, form: Form, m: number, n: number, k: number): Measure {
  return { section, label, unit: "GFLOP/s", work: 2 * m * n * k, task: { kind: "matmul", form, m, n, k } };
}

function step(section: string, label: string, batch: number, widths: readonly number[], trial = 2): Measure {
  return { section, label, unit: "ms", work: 1, task: { kind: "training-step", batch, widths, trial } };
}
