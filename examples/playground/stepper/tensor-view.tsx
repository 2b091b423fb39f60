/** Tensors as heat maps: blue above zero, orange below, strong where the number is large. */

import type { Tensor } from "halograd";
import { show } from "../site/numbers.ts";
import { elementsOf, placeOf } from "./steps.ts";

/** Rows and columns that are drawn; the rest of a large tensor is left out. */
export const MOST_CELLS = 12;

/** How a tensor is laid out on paper: the last axis is a row, all axes before it are below each other. */
export function gridOf({ shape, size }: Tensor): { rows: number; columns: number } {
  const columns = shape.length === 0 ? 1 : shape[shape.length - 1];
  return { rows: columns === 0 ? 0 : size / columns, columns };
}

function colourOf(value: number, largest: number): { class: string; opacity: number } {
  const strength = largest === 0 || !Number.isFinite(value) ? 0 : Math.abs(value) / largest;
  return { class: value < 0 ? "negative" : "positive", opacity: 0.12 + 0.68 * strength };
}

interface CellsProps {
  readonly value: Tensor;
  readonly x: number;
  readonly y: number;
  readonly cell: number;
  readonly width: number;
  readonly numbers: boolean;
}

/** The heat map inside of a graph. */
export function Cells({ value, x, y, cell, width, numbers }: CellsProps) {
  const { rows, columns } = gridOf(value);
  const elements = elementsOf(value);
  const largest = Math.max(...elements.map(Math.abs), 0);
  const shown: preact.JSX.Element[] = [];
  for (let row = 0; row < Math.min(rows, MOST_CELLS); row++) {
    for (let column = 0; column < Math.min(columns, MOST_CELLS); column++) {
      const element = elements[row * columns + column];
      const { class: name, opacity } = colourOf(element, largest);
      shown.push(
        <g key={`${row} ${column}`}>
          <rect
            class={`cell ${name}`}
            fill-opacity={opacity}
            x={x + column * width}
            y={y + row * cell}
            width={width - 1}
            height={cell - 1}
          />
          {numbers && (
            <text class="cell-number" x={x + (column + 0.5) * width} y={y + (row + 0.5) * cell + 3}>
              {brief(element)}
            </text>
          )}
        </g>,
      );
    }
  }
  return <g>{shown}</g>;
}

function brief(value: number): string {
  return show(Number(value.toPrecision(2)));
}

interface TableProps {
  readonly value: Tensor;
  readonly label: string;
  readonly selected?: number | null;
  readonly marked?: ReadonlySet<number>;
  readonly onSelect?: (element: number) => void;
}

/** The numbers of a tensor; where an element can be selected, each is a button. */
export function TensorTable({ value, label, selected = null, marked, onSelect }: TableProps) {
  const elements = elementsOf(value);
  const { rows, columns } = gridOf(value);
  const largest = Math.max(...elements.map(Math.abs), 0);
  const body: preact.JSX.Element[] = [];
  for (let row = 0; row < Math.min(rows, MOST_CELLS); row++) {
    const cells: preact.JSX.Element[] = [];
    for (let column = 0; column < Math.min(columns, MOST_CELLS); column++) {
      const i = row * columns + column;
      const { class: name, opacity } = colourOf(elements[i], largest);
      const text = show(elements[i]);
      cells.push(
        <td key={column} class={`${i === selected ? "selected" : ""} ${marked?.has(i) ? "marked" : ""}`}>
          <span class={`shade ${name}`} style={{ opacity }} />
          {onSelect ? (
            <button
              type="button"
              aria-pressed={i === selected}
              aria-label={`${label}${placeOf(i, value.shape)}: ${text}`}
              onClick={() => onSelect(i)}
            >
              {text}
            </button>
          ) : (
            <span class="number">{text}</span>
          )}
        </td>,
      );
    }
    if (columns > MOST_CELLS) cells.push(<td key="more">…</td>);
    body.push(<tr key={row}>{cells}</tr>);
  }
  return (
    <figure class="tensor">
      <figcaption>
        {label} <span class="shape">{value.rank === 0 ? "" : `[${value.shape.join(", ")}]`}</span>
      </figcaption>
      <section class="scroll" tabIndex={columns > 4 ? 0 : undefined} aria-label={label}>
        <table>
          <tbody>{body}</tbody>
        </table>
      </section>
      {rows > MOST_CELLS && <small>{rows - MOST_CELLS} more rows</small>}
    </figure>
  );
}
