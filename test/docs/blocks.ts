/** Cuts the code that documentation shows out of Markdown pages and doc comments, with its place in the file. */

/** One piece of code that a reader is shown. */
export interface Block {
  /** The file it stands in, relative to the repository. */
  file: string;
  /** Line of its first line of code, from 1. */
  line: number;
  code: string;
  /** False for a fence marked `no-run`: compiled, but not executed. */
  run: boolean;
}

/** The blocks fenced as `ts` or `js`; excerpts of the source, shell blocks, output and other languages are passed over. */
export function markdownBlocks(file: string, text: string, firstLine = 1): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const fence = /^( *)(```+) *(\w*)(.*)$/.exec(lines[i] as string);
    if (fence === null) continue;
    const [indent, ticks, language, marks] = fence.slice(1) as [string, string, string, string];
    const start = i + 1;
    do i++;
    while (i < lines.length && lines[i]?.trim() !== ticks);
    if (i === lines.length)
      throw new Error(`${file}:${firstLine + start - 1}: this code fence is never closed`);
    if (!/^(ts|js|typescript|javascript)$/.test(language) || /\bexcerpt=/.test(marks)) continue;
    const code = lines.slice(start, i).map((line) => line.slice(indent.length));
    blocks.push({ file, line: firstLine + start, code: code.join("\n"), run: !/\bno-run\b/.test(marks) });
  }
  return blocks;
}

/** The code in the doc comments of a source file: fenced blocks, and any `@example` that has no fence. */
export function docCommentBlocks(file: string, source: string): Block[] {
  return [...source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap((comment) => {
    const firstLine = source.slice(0, comment.index).split("\n").length;
    const text = comment[0].replace(/^[ \t]*(\/\*\*| \*\/| \* ?)/gm, "").replace(/\*\/$/, "");
    return [...markdownBlocks(file, text, firstLine), ...bareExamples(file, text, firstLine)];
  });
}

/**
 * TypeDoc and editors show the whole text of an `@example` as code when it holds no fence; so it is code here. It may follow
 * other text on its line.
 */
function bareExamples(file: string, text: string, firstLine: number): Block[] {
  return [...text.matchAll(/(?:^|[^\n\S]) *@example\b((?:(?!^ *@)[\s\S])*)/gm)]
    .filter(([, body]) => body?.includes("```") === false)
    .map((example) => {
      const line = firstLine + text.slice(0, example.index).split("\n").length - 1;
      return { file, line, code: example[1] as string, run: true };
    });
}

/** What a block claims that it prints: comments behind a console.log, and on lines of their own after one. */
export function claimedOutput(code: string): string[] {
  const lines = code.split("\n");
  const claims = lines.map((line, i) => {
    const before = lines.slice(0, i).findLast((other) => !/^\s*\/\/|^\s*\}/.test(other)) ?? "";
    if (/^\/\/ /.test(line)) return /console\.log\(/.test(before) ? line.slice(3) : undefined;
    return /console\.log\(.*\); \/\/ (.*)$/.exec(line)?.[1];
  });
  return claims.filter((claim) => claim !== undefined);
}

/** Without blanks: `[1, 2]` is what people write for `[ 1, 2 ]`. */
const dense = (text: string): string => text.replace(/\s/g, "");

/** Whether a comment tells a line of output: "…" is anything, and an explanation may follow. */
export function tells(comment: string, printed = "?"): boolean {
  const parts = dense(comment).split("…");
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return (
    dense(comment).startsWith(dense(printed)) || new RegExp(`^${escaped.join(".*")}$`).test(dense(printed))
  );
}
