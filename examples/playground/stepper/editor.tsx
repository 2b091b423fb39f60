/** The editor: CodeMirror with the colours of the page, and mistakes underlined where they stand. */

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { type Diagnostic, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Range } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { tokenizer } from "acorn";
import { useEffect, useRef } from "preact/hooks";
import { type Place, vocabulary } from "./program.ts";

interface EditorProps {
  readonly source: string;
  readonly mistake: { readonly message: string; readonly place: Place } | null;
  /** What belongs to the step that is shown. */
  readonly highlight: Place | null;
  readonly onChange: (source: string) => void;
}

export function Editor({ source, mistake, highlight, onChange }: EditorProps) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const change = useRef(onChange);
  change.current = onChange;

  useEffect(() => {
    view.current = new EditorView({
      parent: parent.current!,
      state: EditorState.create({
        doc: source,
        extensions: [
          lineNumbers(),
          history(),
          // Tab leaves the editor, as everywhere on the page.
          keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": "Program", spellcheck: "false" }),
          colours,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) change.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    return () => view.current?.destroy();
  }, []);

  useEffect(() => {
    const { current } = view;
    if (current === null || current.state.doc.toString() === source) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: source } });
  }, [source]);

  useEffect(() => {
    const { current } = view;
    if (current === null) return;
    const { length } = current.state.doc;
    const diagnostics: Diagnostic[] = [];
    if (mistake !== null) {
      const { start, end } = mistake.place;
      diagnostics.push({
        from: Math.min(start, length),
        to: Math.min(end, length),
        severity: "error",
        message: mistake.message,
      });
    } else if (highlight !== null && highlight.end <= length)
      diagnostics.push({
        from: highlight.start,
        to: highlight.end,
        severity: "hint",
        markClass: "step-place",
        message: "The operation of this step",
      });
    current.dispatch(setDiagnostics(current.state, diagnostics));
  }, [source, mistake, highlight]);

  return <div class="editor" ref={parent} />;
}

const known = new Set(vocabulary);

/** Numbers, comments, and names of operations, as acorn tells them apart. */
const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = colour(view.state.doc.toString());
    }
    update(update: ViewUpdate): void {
      if (update.docChanged) this.decorations = colour(update.state.doc.toString());
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function colour(source: string): DecorationSet {
  const marks: Range<Decoration>[] = [];
  const mark = (start: number, end: number, name: string): void => {
    if (end > start) marks.push(Decoration.mark({ class: name }).range(start, end));
  };
  try {
    const tokens = tokenizer(source, {
      ecmaVersion: 2022,
      sourceType: "module",
      onComment: (_, __, start, end) => mark(start, end, "code-comment"),
    });
    for (const { type, start, end } of tokens) {
      if (type.label === "num") mark(start, end, "code-number");
      else if (type.label === "name" && known.has(source.slice(start, end))) mark(start, end, "code-call");
      else if (type.keyword) mark(start, end, "code-keyword");
    }
  } catch {
    // What is no token yet stays as it is.
  }
  return Decoration.set(marks, true);
}
