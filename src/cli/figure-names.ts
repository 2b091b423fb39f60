/** The figures by name: light, so that the help can list them without loading what draws them. */

/** In the order in which the report tells them. */
export const FIGURES = ["curves", "noise", "loss", "predictions", "sampling"] as const;

/** One of them. */
export type FigureName = (typeof FIGURES)[number];

/** The file of a figure in the output folder. */
export function figureFile(figure: FigureName): string {
  return `figures/${figure}.svg`;
}
