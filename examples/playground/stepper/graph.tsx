/** The graph, laid out from the tape by the engine: what is computed so far, and what has flowed back. */

import { type Edge, layOutTape, type Node, type PlacedBox, type Tensor } from "halograd";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { show } from "../site/numbers.ts";
import type { Recording, Step } from "./steps.ts";
import { Cells, gridOf, MOST_CELLS } from "./tensor-view.tsx";

interface GraphProps {
  readonly recording: Recording;
  readonly computed: ReadonlySet<Node>;
  readonly cotangents: ReadonlyMap<Node, Tensor>;
  readonly step: Step | null;
  readonly selected: Node | null;
  readonly numbers: boolean;
  readonly onSelect: (node: Node) => void;
}

const CHARACTER = 7.4;

function cellOf(value: Tensor, numbers: boolean): [width: number, height: number] {
  const columns = Math.min(gridOf(value).columns, MOST_CELLS);
  return numbers ? [34, 16] : columns > 6 ? [9, 9] : [14, 11];
}

/** A number of the program, whose title is its value. */
function isNumber(label: string, value: Tensor): boolean {
  return value.node === null && value.rank === 0 && Number.isFinite(Number(label));
}

/** A box has a title, then the value and, beside it, what flows back. */
function sizeOf(label: string, value: Tensor, numbers: boolean): readonly [number, number] {
  const title = label.length * CHARACTER + 20;
  if (isNumber(label, value)) return [title, 26];
  if (value.rank === 0 || value.size === 1) return [Math.max(title, 92), 58];
  const { rows, columns } = gridOf(value);
  const [width, height] = cellOf(value, numbers);
  return [
    Math.max(title, 2 * Math.min(columns, MOST_CELLS) * width + 30, 92),
    Math.min(rows, MOST_CELLS) * height + 44,
  ];
}

export function Graph({ recording, computed, cotangents, step, selected, numbers, onSelect }: GraphProps) {
  const { run, nameOf } = recording;
  const drawing = useRef<HTMLElement>(null);
  const layout = useMemo(() => {
    const names = new Map(recording.nodes.map(({ output }) => [output, nameOf(output)]));
    for (const [name, value] of run.names) names.set(value, name);
    try {
      return layOutTape(run.result, (label, value) => sizeOf(label, value, numbers), { names });
    } catch (error) {
      return String((error as Error).message);
    }
  }, [recording, numbers]);

  const reached = step === null ? null : step.kind === "backward" ? step.contribution.target : step.node;
  // A graph that is larger than its frame follows the step.
  useEffect(() => {
    if (typeof layout === "string" || reached === null || drawing.current === null) return;
    const box = layout.boxes.find(({ node }) => node === reached);
    const { clientWidth, clientHeight } = drawing.current;
    if (box === undefined) return;
    if (layout.width > clientWidth || layout.height > clientHeight)
      drawing.current.scrollTo({ left: box.x - clientWidth / 2, top: box.y - clientHeight / 2 });
  }, [layout, reached]);

  // What has not changed keeps its element, which the interface then skips: a step of a large graph touches few boxes.
  const [edges, idOf] = useMemo(
    () =>
      typeof layout === "string"
        ? [null, new Map<Node | null, string>()]
        : [
            <g key="edges" class="edges">
              {layout.edges.map(({ from, to, path }) => (
                <path key={`${from} ${to} ${path}`} d={path} />
              ))}
            </g>,
            new Map(layout.boxes.map(({ node, id }) => [node, id])),
          ],
    [layout],
  );
  const drawn = useMemo(() => new Map<string, { props: BoxProps; element: preact.JSX.Element }>(), [layout]);

  if (typeof layout === "string") return <p class="mistake">{layout}</p>;
  const isBetween = ({ from, to }: Edge, source: Node | null, node: Node): boolean =>
    idOf.get(node) === to && (source === null || idOf.get(source) === from);
  let active: readonly Edge[] = [];
  if (step?.kind === "forward") active = layout.edges.filter((edge) => isBetween(edge, null, step.node));
  if (step?.kind === "backward") {
    const { target, index, node } = step.contribution;
    // Of an operand that is used twice each use has an arrow, in their order.
    const use = node.sources.slice(0, index).filter((source) => source === target).length;
    active = layout.edges.filter((edge) => isBetween(edge, target, node)).slice(use, use + 1);
  }
  const drawBox = (box: PlacedBox): preact.JSX.Element => {
    const { node } = box;
    const props: BoxProps = {
      box,
      name: nameOf(box.value),
      isComputed: node === null || node.operation === null || computed.has(node),
      cotangent: node === null ? null : (cotangents.get(node) ?? null),
      state: node !== null && node === reached ? "active" : node === step?.node ? "from" : "",
      isSelected: node !== null && node === selected,
      numbers,
      onSelect,
    };
    const before = drawn.get(box.id);
    const keys = Object.keys(props) as (keyof BoxProps)[];
    if (before !== undefined && keys.every((key) => before.props[key] === props[key])) return before.element;
    const element = <Box key={box.id} {...props} />;
    drawn.set(box.id, { props, element });
    return element;
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="graph" ref={drawing} tabIndex={0} aria-label="Graph of the program">
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: its boxes have names, and a title would cover them as a tooltip */}
      <svg width={layout.width} height={layout.height} viewBox={`0 0 ${layout.width} ${layout.height}`}>
        {edges}
        <g class="edges">
          {active.map(({ from, to, path }) => (
            <path key={`${from} ${to} ${path}`} d={path} class={`active ${step!.kind}`} />
          ))}
        </g>
        {layout.boxes.map(drawBox)}
      </svg>
    </section>
  );
}

interface BoxProps {
  readonly box: PlacedBox;
  readonly name: string;
  readonly isComputed: boolean;
  readonly cotangent: Tensor | null;
  readonly state: string;
  readonly isSelected: boolean;
  readonly numbers: boolean;
  readonly onSelect: (node: Node) => void;
}

function Box({ box, name, isComputed, cotangent, state, isSelected, numbers, onSelect }: BoxProps) {
  const { x, y, width, height, kind, value, label, node, id } = box;
  const [left, top] = [x - width / 2, y - height / 2];
  const isSingle = value.rank === 0 || value.size === 1;
  const [cellWidth, cell] = cellOf(value, numbers);
  const half = Math.min(gridOf(value).columns, MOST_CELLS) * cellWidth;
  const select = node === null ? undefined : () => onSelect(node);
  const text = isSingle && isComputed && !isNumber(label, value) ? show(value.toTypedArray()[0]) : "";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a box with a node has the role of a button
    <g
      class={`box ${kind} ${state} ${isSelected ? "selected" : ""} ${isComputed ? "" : "waiting"}`}
      data-node={id}
      data-name={name}
      role={node === null ? "img" : "button"}
      aria-label={node === null ? `${label} ${text}` : undefined}
      tabindex={node === null ? undefined : 0}
      onClick={select}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        select?.();
      }}
    >
      <rect
        class="frame"
        x={left}
        y={top}
        width={width}
        height={height}
        rx={kind === "operation" || kind === "composite" ? 8 : 2}
      />
      <text class="title" x={x} y={top + 15}>
        {label}
      </text>
      {isSingle ? (
        <>
          <text class="value" x={x} y={top + 33}>
            {text}
          </text>
          <text class="gradient" x={x} y={top + 50}>
            {cotangent === null ? "" : `∇ ${show(cotangent.toTypedArray()[0])}`}
          </text>
        </>
      ) : (
        <>
          <text class="shape" x={x} y={top + height - 6}>
            [{value.shape.join(", ")}]
          </text>
          {isComputed && (
            <Cells
              value={value}
              x={x - half - 4}
              y={top + 22}
              cell={cell}
              width={cellWidth}
              numbers={numbers}
            />
          )}
          {cotangent !== null && (
            <g class="cotangent">
              <Cells
                value={cotangent}
                x={x + 4}
                y={top + 22}
                cell={cell}
                width={cellWidth}
                numbers={numbers}
              />
            </g>
          )}
        </>
      )}
    </g>
  );
}
