/** The editor: CodeMirror with the colours of the page, and mistakes underlined where they stand. */

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { type Diagnostic, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { useEffect, useRef } from "preact/hooks";
import { markCode, type Place } from "./highlight.ts";
import "./editor.css";

interface EditorProps {
  /** What screen readers call it. */
  readonly label: string;
  readonly source: string;
  readonly mistake: { readonly message: string; readonly place: Place } | null;
  /** What belongs to the step that is shown. */
  readonly highlight?: Place | null;
  /** Names that get the colour of operations. */
  readonly known?: ReadonlySet<string> | undefined;
  readonly onChange: (source: string) => void;
  /** Control and Enter, or Command and Enter. */
  readonly onRun?: () => void;
}

export function Editor({ label, source, mistake, highlight = null, known, onChange, onRun }: EditorProps) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const change = useRef(onChange);
  change.current = onChange;
  const run = useRef(onRun);
  run.current = onRun;

  useEffect(() => {
    view.current = new EditorView({
      parent: parent.current!,
      state: EditorState.create({
        doc: source,
        extensions: [
          lineNumbers(),
          history(),
          // Tab leaves the editor, as everywhere on the page.
          keymap.of([
            {
              key: "Mod-Enter",
              run: () => {
                run.current?.();
                return run.current !== undefined;
              },
            },
            ...defaultKeymap,
            ...historyKeymap,
            ...lintKeymap,
          ]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
          colours(known),
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

const colours = (known?: ReadonlySet<string>) =>
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = colour(view.state.doc.toString(), known);
      }
      update(update: ViewUpdate): void {
        if (update.docChanged) this.decorations = colour(update.state.doc.toString(), known);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );

function colour(source: string, known?: ReadonlySet<string>): DecorationSet {
  const marks = markCode(source, known).map(({ start, end, name }) =>
    Decoration.mark({ class: name }).range(start, end),
  );
  return Decoration.set(marks, true);
}
