/** The page "The tour": ten lessons in which one rebuilds the engine, with code that runs and exercises that are checked. */

import { render } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Switch } from "../site/controls.tsx";
import { keepOffline } from "../site/offline.ts";
import { Cell, ExerciseTask, GivenFile } from "./code.tsx";
import { lessons } from "./lessons.ts";
import { keepProgress, loadProgress, type Progress } from "./progress.ts";
import "./style.css";

/** The lesson that the address names: its place in the list. */
const lessonInAddress = (): number =>
  Math.max(
    0,
    lessons.findIndex(({ id }) => `#${id}` === location.hash),
  );

function App() {
  const [at, setAt] = useState(lessonInAddress);
  const [progress, setProgress] = useState(loadProgress);
  const [isKept, setKept] = useState(true);
  const heading = useRef<HTMLHeadingElement>(null);
  const lesson = lessons[at];

  useEffect(() => {
    const onHash = (): void => {
      setAt(lessonInAddress());
      heading.current?.scrollIntoView();
      heading.current?.focus({ preventScroll: true });
    };
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);
  useEffect(() => {
    document.title = `${lesson.title} · the tour · halograd`;
  }, [lesson]);
  useEffect(() => setKept(keepProgress(progress)), [progress]);
  const change = useCallback((by: (progress: Progress) => Progress) => setProgress(by), []);

  const isSolved = ({ name }: { readonly name: string }): boolean => progress.solved[name] !== undefined;
  const all = lessons.flatMap(({ exercises }) => exercises);
  return (
    <div class="tour">
      <Contents
        at={at}
        progress={progress}
        solved={`${all.filter(isSolved).length} of ${all.length} exercises solved`}
      >
        <Switch
          label="Build on the reference solutions, not on mine"
          name="reference"
          checked={progress.usesReference}
          onChange={(usesReference) => setProgress({ ...progress, usesReference })}
        />
        <p class="soft">
          {isKept
            ? "What you write stays on this device."
            : "This device keeps nothing: what you write is lost when you leave the page."}
        </p>
      </Contents>
      <main data-lesson={lesson.id}>
        <h1 tabIndex={-1} ref={heading}>
          {lesson.title}
        </h1>
        <div key={lesson.id}>
          {lesson.parts.map((part, i) => {
            const key = `${lesson.id} ${i}`;
            if (part.kind === "prose")
              return <div key={key} dangerouslySetInnerHTML={{ __html: part.text }} />;
            if (part.kind === "exercise")
              return <ExerciseTask key={key} exercise={part} progress={progress} onProgress={change} />;
            if (part.name !== null) return <GivenFile key={key} name={part.name} code={part.code} />;
            const label = `Code ${lesson.parts.slice(0, i + 1).filter(({ kind }) => kind === "cell").length}`;
            return <Cell key={key} code={part.code} label={label} progress={progress} />;
          })}
        </div>
        <p class="bar ends">
          {at > 0 && <a href={`#${lessons[at - 1].id}`}>← {lessons[at - 1].title}</a>}
          {at < lessons.length - 1 && <a href={`#${lessons[at + 1].id}`}>{lessons[at + 1].title} →</a>}
        </p>
      </main>
      <footer>
        <p>
          <kbd>Ctrl</kbd>+<kbd>Enter</kbd> in an editor runs or checks, <kbd>Tab</kbd> leaves it. Your code
          runs in a worker of this page, can be stopped at any time, and is sent nowhere.
        </p>
      </footer>
    </div>
  );
}

interface ContentsProps {
  readonly at: number;
  readonly progress: Progress;
  readonly solved: string;
  readonly children: preact.ComponentChildren;
}

/** The list of lessons, with what is solved of each. Folded on a small screen. */
function Contents({ at, progress, solved, children }: ContentsProps) {
  const [isOpen] = useState(() => matchMedia("(min-width: 1000px)").matches);
  return (
    <nav aria-label="Lessons" class="lessons">
      <details open={isOpen}>
        <summary>
          Lessons <span class="soft">· {solved}</span>
        </summary>
        <ol>
          {lessons.map(({ id, title, exercises }, i) => {
            const count = exercises.filter(({ name }) => progress.solved[name] !== undefined).length;
            return (
              <li key={id}>
                <a href={`#${id}`} aria-current={i === at ? "page" : undefined}>
                  {title.replace(/^\d+\. /, "")}
                </a>{" "}
                <span class={count === exercises.length ? "mark" : "soft"}>
                  {count === exercises.length ? "✓ all solved" : `${count} of ${exercises.length}`}
                </span>
              </li>
            );
          })}
        </ol>
        {children}
      </details>
    </nav>
  );
}

render(<App />, document.getElementById("app")!);
keepOffline();
