/** What leaves the page: figures, tables, models, and the command that does the same. */

import { useState } from "preact/hooks";

/** Hands a file to the browser's downloads. */
export function download(name: string, content: string | Uint8Array): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content as BlobPart]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

interface KeepProps {
  /** Of the files, without their endings. */
  readonly name: string;
  readonly svg: () => string;
  readonly csv: () => string;
  /** Lines for a terminal. */
  readonly command?: string;
  /** What the command does otherwise. */
  readonly note?: string;
  readonly disabled?: boolean;
}

/** Buttons that save what is shown, and the command that makes it. */
export function Keep({ name, svg, csv, command, note, disabled = false }: KeepProps) {
  const [problem, setProblem] = useState("");
  const save = (ending: string, content: () => string) => (): void => {
    try {
      download(`${name}.${ending}`, content());
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <div class="keep">
      <button type="button" disabled={disabled} onClick={save("svg", svg)}>
        Save as SVG
      </button>{" "}
      <button type="button" disabled={disabled} onClick={save("csv", csv)}>
        Save as CSV
      </button>
      {problem !== "" && (
        <p role="alert" class="mistake">
          {problem}
        </p>
      )}
      {command !== undefined && (
        <details>
          <summary>The command that does the same</summary>
          <textarea
            readOnly
            rows={command.split("\n").length}
            aria-label="Command"
            data-command={name}
            value={command}
          />
          {note !== undefined && <p>{note}</p>}
        </details>
      )}
    </div>
  );
}
