/** The colours of code. */

import { tokenizer } from "acorn";

/** Characters of a text, from the first to behind the last. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

const NONE: ReadonlySet<string> = new Set();

/** Numbers, texts, keywords, comments, and known names, as acorn tells them apart, with the classes that colour them. */
export function markCode(
  source: string,
  known: ReadonlySet<string> = NONE,
): (Place & { readonly name: string })[] {
  const marks: (Place & { name: string })[] = [];
  const mark = (start: number, end: number, name: string): void => {
    if (end > start) marks.push({ start, end, name });
  };
  try {
    const tokens = tokenizer(source, {
      ecmaVersion: 2022,
      sourceType: "module",
      onComment: (_, __, start, end) => mark(start, end, "code-comment"),
    });
    for (const { type, start, end } of tokens) {
      if (type.label === "num") mark(start, end, "code-number");
      else if (type.label === "string" || type.label === "template") mark(start, end, "code-text");
      else if (type.label === "name" && known.has(source.slice(start, end))) mark(start, end, "code-call");
      else if (type.keyword) mark(start, end, "code-keyword");
    }
  } catch {
    // What is no token yet stays as it is.
  }
  return marks;
}
