/** Settings that page and worker share. */

/** Fewer chains and states than the command has, so that an answer takes seconds; the bank, which suffices for some points, is as large. */
export const INFERENCE = { bank: 50_000, chains: 24, transitions: 60 };
