/** Options in combination: all of them, from the values that each may take, so that no pair has to be thought of. */

/** The values that each option may take. */
export type OptionDomains<Options> = { readonly [name in keyof Options]-?: readonly Options[name][] };

/** Every choice of options, each left out as well. */
export function combinations<Options>(domains: OptionDomains<Options>): Partial<Options>[] {
  let all: Partial<Options>[] = [{}];
  for (const [name, values] of Object.entries(domains) as [
    keyof Options,
    readonly Options[keyof Options][],
  ][])
    all = all.flatMap((chosen) => [chosen, ...values.map((value) => ({ ...chosen, [name]: value }))]);
  return all;
}
