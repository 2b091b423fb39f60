/** Settings that page and worker share. */

/** Less than the command's, so that an answer takes seconds. */
export const INFERENCE = { bank: 20_000, chains: 16, transitions: 40 };
