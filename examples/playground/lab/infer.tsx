/** Points that one draws, or those of a measured galaxy, and the curves that the model takes to be probable given them. */

import { formatCsv, type Observations, parseObservations } from "halograd/io";
import { inferenceFigure, intervalBands, type Mark, okabeIto } from "halograd/plot";
import { useRef, useState } from "preact/hooks";
import { Choice, NumberField, Switch, Typed } from "../site/controls.tsx";
import { Chart, type Frame, Legend, radiusAxis, velocityAxis } from "./chart.tsx";
import { download, Keep } from "./files.tsx";
import type { PartProps } from "./sample.tsx";
import { INFERENCE } from "./settings.ts";
import { SPARC_GALAXIES } from "./sparc.ts";
import { useTask } from "./use-task.ts";

/** A measured point: kpc, km/s, km/s. */
interface MeasuredPoint {
  readonly radius: number;
  readonly velocity: number;
  readonly error: number;
}

const DRAWN = "drawn here";

/** A point that the pointer holds: itself, or an end of its error bar. */
interface Dragged {
  readonly index: number;
  readonly part: "place" | "error";
}

export function Infer({ client, model, version, onSay }: PartProps) {
  const [points, setPoints] = useState<readonly MeasuredPoint[]>([
    { radius: 2, velocity: 95, error: 10 },
    { radius: 8, velocity: 140, error: 10 },
  ]);
  const [name, setName] = useState(DRAWN);
  const [seed, setSeed] = useState(0);
  const [showsCurves, setShowsCurves] = useState(true);
  const [problem, setProblem] = useState("");
  const [dragged, setDragged] = useState<Dragged | null>(null);
  const file = useRef<HTMLInputElement>(null);

  const isPossible = model?.network === "residual" && points.length > 0 && dragged === null;
  const settings = isPossible ? { points: observationsOf(points), seed } : null;
  const { result, report, error, isRunning } = useTask(client, "infer", settings, version);
  const inference = report ?? result;

  const read = (text: string, from: string): void => {
    try {
      const { radii, velocities, errors } = parseObservations(text, from);
      setPoints(Array.from(radii, (radius, i) => ({ radius, velocity: velocities[i], error: errors[i] })));
      setName(from);
      setProblem("");
      onSay(`${radii.length} points of ${from}.`);
    } catch (mistake) {
      setProblem((mistake as Error).message);
    }
  };
  const change = (i: number, part: Partial<MeasuredPoint>): void =>
    setPoints(points.map((point, k) => (k === i ? { ...point, ...part } : point)));
  const remove = (i: number): void => setPoints(points.filter((_, k) => k !== i));
  const add = (point: MeasuredPoint): void => {
    setPoints([...points, point]);
    setName(DRAWN);
  };
  /** Radii of three digits, velocities of whole km/s, as one would measure. */
  const pointAt = (frame: Frame, event: PointerEvent & { currentTarget: Element }): MeasuredPoint => {
    const box = event.currentTarget.getBoundingClientRect();
    const radius = Number(frame.xOf(event.clientX - box.left).toPrecision(3));
    const velocity = Math.max(1, Math.round(frame.yOf(event.clientY - box.top)));
    return { radius, velocity, error: 10 };
  };

  if (model === null) return null;
  const { radii } = model;
  const observed = observationsOf(points);
  const marks: Mark[] = [];
  if (inference !== null && model.network === "residual" && points.length > 0) {
    marks.push(...intervalBands(radii, inference.intervals));
    if (showsCurves)
      for (const y of inference.curves)
        marks.push({ kind: "line", x: radii, y, color: okabeIto.blue, width: 0.7, opacity: 0.5 });
    const median = inference.intervals.map((velocities) => velocities[3]);
    marks.push({ kind: "line", x: radii, y: median, color: okabeIto.blue, width: 2, label: "median" });
  }
  const shownPoints = points.filter(({ radius }) => radius >= radii[0] && radius <= radii[radii.length - 1]);
  const outer = inference?.intervals[radii.length - 1];
  const summary =
    inference === null || outer === undefined
      ? ""
      : `At ${radii[radii.length - 1].toFixed(0)} kpc: ${outer[3].toFixed(0)} km/s, 95 % within ${outer[0].toFixed(0)} to ${outer[6].toFixed(0)}.` +
        (isRunning
          ? ` ${Math.round(100 * inference.done)} % done.`
          : `${inference.rHat > 1.1 ? " The chains have not converged: take the intervals as rough." : ""} R̂ ${inference.rHat.toFixed(2)}, ${Math.round(inference.effectiveCount)} effective samples, predictive p ${inference.predictiveP.toFixed(2)}.`);

  return (
    <div class="columns">
      <div class="panel settings">
        <h2>Points</h2>
        <Choice
          label="Of"
          name="measured"
          value={name in SPARC_GALAXIES ? name : DRAWN}
          options={[DRAWN, ...Object.keys(SPARC_GALAXIES)]}
          onChange={(chosen) => {
            if (chosen in SPARC_GALAXIES) read(SPARC_GALAXIES[chosen], chosen);
            else setName(DRAWN);
          }}
        />
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the button in it does the same */}
        <div
          class="drop"
          onDragOver={(event) => event.preventDefault()}
          onDrop={async (event) => {
            event.preventDefault();
            const [dropped] = event.dataTransfer?.files ?? [];
            if (dropped !== undefined) read(await dropped.text(), dropped.name);
          }}
        >
          Drop a table of radius, velocity and error here, or a rotmod file of SPARC, or{" "}
          <button type="button" onClick={() => file.current?.click()}>
            choose one …
          </button>
          <input
            ref={file}
            type="file"
            hidden
            name="points"
            onChange={(event) => {
              const chosen = event.currentTarget.files?.[0];
              if (chosen !== undefined) void chosen.text().then((text) => read(text, chosen.name));
              event.currentTarget.value = "";
            }}
          />
        </div>
        {problem !== "" && (
          <p role="alert" class="mistake">
            {problem}
          </p>
        )}
        <div class="points">
          <table>
            <thead>
              <tr>
                <th scope="col">kpc</th>
                <th scope="col">km/s</th>
                <th scope="col">±</th>
                <th scope="col">
                  <span class="spoken">Remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {points.map(({ radius, velocity, error }, i) => (
                <tr key={i}>
                  <Cell
                    label={`Radius of point ${i + 1}`}
                    value={radius}
                    least={0.001}
                    onChange={(value) => change(i, { radius: value })}
                  />
                  <Cell
                    label={`Velocity of point ${i + 1}`}
                    value={velocity}
                    least={0}
                    onChange={(value) => change(i, { velocity: value })}
                  />
                  <Cell
                    label={`Error of point ${i + 1}`}
                    value={error}
                    least={0.001}
                    onChange={(value) => change(i, { error: value })}
                  />
                  <td>
                    <button type="button" aria-label={`Remove point ${i + 1}`} onClick={() => remove(i)}>
                      ×
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div class="bar">
          <button type="button" onClick={() => add({ radius: 5, velocity: 120, error: 10 })}>
            Add a point
          </button>
          <button type="button" onClick={() => setPoints([])} disabled={points.length === 0}>
            Remove all
          </button>
          <button
            type="button"
            disabled={points.length === 0}
            onClick={() => download("points.csv", tableOf(points))}
          >
            Save the points
          </button>
        </div>
        <NumberField label="Seed" name="infer-seed" value={seed} min={0} max={1e9} onChange={setSeed} />
        <Switch label="Curves" name="curves" checked={showsCurves} onChange={setShowsCurves} />
      </div>
      <div>
        {model.network !== "residual" && (
          <p class="mistake" role="alert">
            The samples of the autoencoder are no draws of a prior: take a residual network.
          </p>
        )}
        {error !== "" && (
          <p role="alert" class="mistake">
            {error}
          </p>
        )}
        <p>
          Click or tap to add a point, drag it, and drag the end of its error bar. With the keyboard: Tab to a
          point, arrows move it, + and − change its error, Delete removes it.
        </p>
        <Chart
          title="Measured points and the posterior"
          description={`${points.length} points. ${summary}`}
          x={radiusAxis(radii)}
          y={velocityAxis([
            [250],
            observed.velocities,
            ...(inference?.intervals.map((row) => [row[6]]) ?? []),
          ])}
          marks={marks}
          height={380}
          svgProps={(frame) => ({
            // Its points are focused one by one.
            role: "group",
            class: "drawing",
            onPointerDown: (event) => {
              if ((event.target as Element).closest(".measured") !== null) return;
              const point = pointAt(frame, event);
              event.currentTarget.setPointerCapture(event.pointerId);
              add(point);
              setDragged({ index: points.length, part: "place" });
            },
            onPointerMove: (event) => {
              if (dragged === null) return;
              const { radius, velocity } = pointAt(frame, event);
              const held = points[dragged.index];
              change(
                dragged.index,
                dragged.part === "place"
                  ? { radius, velocity }
                  : { error: Math.max(1, Math.abs(velocity - held.velocity)) },
              );
            },
            onPointerUp: () => setDragged(null),
            onPointerCancel: () => setDragged(null),
          })}
        >
          {(frame) =>
            shownPoints.map((point) => {
              const i = points.indexOf(point);
              const { radius, velocity, error } = point;
              const [x, y] = [frame.x(radius), frame.y(velocity)];
              return (
                // biome-ignore lint/a11y/useSemanticElements: SVG has no button
                <g
                  key={i}
                  class="measured"
                  tabindex={0}
                  role="button"
                  aria-label={`Point ${i + 1}: ${velocity} ± ${error} km/s at ${radius} kpc`}
                  onPointerDown={(event) => {
                    event.currentTarget.closest("svg")!.setPointerCapture(event.pointerId);
                    const isEnd = (event.target as Element).classList.contains("end");
                    setDragged({ index: i, part: isEnd ? "error" : "place" });
                  }}
                  onKeyDown={(event) => {
                    const change = keyed(point, event.key);
                    if (change === undefined) return;
                    event.preventDefault();
                    if (change === null) remove(i);
                    else setPoints(points.map((own, k) => (k === i ? change : own)));
                  }}
                >
                  <path d={`M${x} ${frame.y(velocity + error)}V${frame.y(Math.max(0, velocity - error))}`} />
                  {[velocity + error, Math.max(0, velocity - error)].map((end) => (
                    <circle key={end} class="reach end" cx={x} cy={frame.y(end)} r={10} />
                  ))}
                  <circle class="reach" cx={x} cy={y} r={10} />
                  <circle cx={x} cy={y} r={4} />
                </g>
              );
            })
          }
        </Chart>
        <Legend marks={marks} />
        <p aria-live="polite" data-inference={isRunning ? "running" : "done"}>
          {summary}
          {inference !== null &&
            inference.leftOut > 0 &&
            ` ${inference.leftOut} points beyond the model's radii are left out.`}
        </p>
        <Keep
          name="inference"
          disabled={inference === null}
          svg={() =>
            inferenceFigure({
              name: name === DRAWN ? "" : name,
              radii,
              intervals: inference!.intervals,
              observations: observationsOf(shownPoints),
            })
          }
          csv={() =>
            formatCsv(
              ["radius", ...["2.5", "16", "25", "50", "75", "84", "97.5"].map((share) => `${share} %`)],
              Array.from(radii, (radius, i) => [radius, ...inference!.intervals[i]]),
            )
          }
          command={`npx halograd infer --data points.csv --model model.safetensors --seed ${seed} \\\n  --bank ${INFERENCE.bank} --chains ${INFERENCE.chains} --transitions ${INFERENCE.transitions} --out lab`}
          note="It needs the model and the points, which “Save the model” and “Save the points” leave. More chains and transitions, as the command has by default, take longer and are surer."
        />
      </div>
    </div>
  );
}

/** A number of a point. */
function Cell({
  label,
  value,
  least,
  onChange,
}: {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <td>
      <Typed
        label={label}
        bounds={{ min: least, step: "any" }}
        value={value}
        onChange={(text) => onChange(Number(text))}
      />
    </td>
  );
}

/** What a key makes of a point; null where it removes it. */
function keyed(point: MeasuredPoint, key: string): MeasuredPoint | null | undefined {
  const { radius, velocity, error } = point;
  switch (key) {
    case "ArrowLeft":
      return { ...point, radius: Number(Math.max(0.1, radius / 1.1).toPrecision(3)) };
    case "ArrowRight":
      return { ...point, radius: Number(Math.min(50, radius * 1.1).toPrecision(3)) };
    case "ArrowUp":
      return { ...point, velocity: velocity + 5 };
    case "ArrowDown":
      return { ...point, velocity: Math.max(1, velocity - 5) };
    case "+":
      return { ...point, error: error + 1 };
    case "-":
      return { ...point, error: Math.max(1, error - 1) };
    case "Delete":
    case "Backspace":
      return null;
    default:
      return undefined;
  }
}

function observationsOf(points: readonly MeasuredPoint[]): Observations {
  const sorted = points.toSorted((a, b) => a.radius - b.radius);
  return {
    radii: Float64Array.from(sorted, ({ radius }) => radius),
    velocities: Float64Array.from(sorted, ({ velocity }) => velocity),
    errors: Float64Array.from(sorted, ({ error }) => error),
  };
}

function tableOf(points: readonly MeasuredPoint[]): string {
  const { radii, velocities, errors } = observationsOf(points);
  return formatCsv(
    ["radius", "velocity", "error"],
    Array.from(radii, (radius, i) => [radius, velocities[i], errors[i]]),
  );
}
