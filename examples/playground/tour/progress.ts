/** What a learner has written and solved. It stays on the device, and in memory only where the device keeps nothing. */

/** All that is kept. */
export interface Progress {
  /** What was written last, by exercise. */
  readonly drafts: Readonly<Record<string, string>>;
  /** What passed its check last, by exercise: later lessons import it. */
  readonly solved: Readonly<Record<string, string>>;
  /** Whether later lessons import the reference solutions all the same. */
  readonly usesReference: boolean;
}

const KEY = "halograd tour";
const NOTHING: Progress = { drafts: {}, solved: {}, usesReference: false };

export function loadProgress(): Progress {
  try {
    const kept: Partial<Progress> | null = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return {
      drafts: texts(kept?.drafts),
      solved: texts(kept?.solved),
      usesReference: kept?.usesReference === true,
    };
  } catch {
    // No storage, or not ours: one starts afresh.
    return NOTHING;
  }
}

/** Returns whether it could be kept. */
export function keepProgress(progress: Progress): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(progress));
    return true;
  } catch {
    return false;
  }
}

/** The entries that are texts. */
function texts(kept: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(kept ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
