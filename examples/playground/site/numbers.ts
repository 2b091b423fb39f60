/** Numbers as the pages write them. */

/** A number as one would read it aloud: four digits, a true minus. */
export function show(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(2) : `${Number(value.toPrecision(4))}`;
  return text.replace("e+", "e").replaceAll("-", "−");
}
