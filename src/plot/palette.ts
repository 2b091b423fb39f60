/** Colours that the colour-blind tell apart and that differ in grey as well. */

import { checkNumber } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";

/**
 * Eight colours for categories, from M. Okabe and K. Ito, "Color Universal Design" (2008), named as there. By luminance:
 * black < blue < vermillion < green < sky blue ≈ orange < yellow; pair them from afar, and add a dash or a marker.
 */
export const okabeIto = {
  black: "#000000",
  orange: "#e69f00",
  skyBlue: "#56b4e9",
  green: "#009e73",
  yellow: "#f0e442",
  blue: "#0072b2",
  vermillion: "#d55e00",
  purple: "#cc79a7",
} as const;

/**
 * The viridis map (S. van der Walt and N. Smith, 2015): lightness grows evenly from dark blue at 0 to yellow at 1, so order
 * survives printing in grey. Arguments outside [0, 1] take the nearest end.
 * @throws ArgumentError for what is no number, NaN too
 * @example viridis(0) // "#440154"
 */
export function viridis(fraction: number): string {
  checkNumber("viridis", "fraction", fraction);
  if (Number.isNaN(fraction)) throw new ArgumentError("viridis", "fraction is NaN.", "check the data.");
  const position = Math.min(1, Math.max(0, fraction)) * (VIRIDIS.length - 1);
  const i = Math.min(VIRIDIS.length - 2, Math.floor(position));
  const mix = (shift: number): number => {
    const [low, high] = [(VIRIDIS[i] >> shift) & 255, (VIRIDIS[i + 1] >> shift) & 255];
    return Math.round(low + (position - i) * (high - low));
  };
  return `#${((1 << 24) | (mix(16) << 16) | (mix(8) << 8) | mix(0)).toString(16).slice(1)}`;
}

/** Every tenth of the map; straight lines between. */
const VIRIDIS = [
  0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c, 0x22a884, 0x44bf70, 0x7ad151, 0xbddf26,
  0xfde725,
];
