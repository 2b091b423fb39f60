/** The same in two dimensions: data one draws, the score that a network learns of them, and the exact one beside it. */

import { SAMPLERS, type SamplerName } from "halograd/curves";
import { formatCsv } from "halograd/io";
import { figure, type Mark, okabeIto, scale } from "halograd/plot";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Choice, NumberField, Player, Slider, SPEEDS, type Speed } from "../site/controls.tsx";
import type { Client } from "./client.ts";
import { Keep } from "./files.tsx";
import { type Point, SCHEDULES, SHAPES } from "./shapes.ts";
import { usePlayer, useTask } from "./use-task.ts";

const OWN = "points of your own";
/** Half the width of what is shown. */
const REACH = 2.6;
const SIDE = 21;
const PARTICLES = 150;

/** Where arrows stand. */
const GRID = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, k) => {
  const i = Math.floor(k / 2);
  const along = k % 2 === 0 ? i % SIDE : Math.floor(i / SIDE);
  return REACH * ((2 * along) / (SIDE - 1) - 1);
});

export function PlaneLab({
  client,
  onSay,
}: {
  readonly client: Client;
  readonly onSay: (text: string) => void;
}) {
  const [shape, setShape] = useState<string>("moons");
  const [own, setOwn] = useState<readonly Point[]>([]);
  const [cursor, setCursor] = useState<Point>([0, 0]);
  const [seed, setSeed] = useState(0);
  const [sampler, setSampler] = useState<SamplerName>("euler");
  const [schedule, setSchedule] = useState("linear");
  const [steps, setSteps] = useState(30);
  const [speed, setSpeed] = useState<Speed>("fast");
  const [t, setT] = useState(0.3);
  const isOwn = shape === OWN;
  const centres = isOwn ? own : SHAPES[shape];

  const training = useTask(client, "trainPlane", centres.length === 0 ? null : { centres, seed });
  const trained = centres.length === 0 ? null : training.result;
  const flow = useTask(
    client,
    "flow",
    trained === null ? null : { sampler, steps, seed, count: PARTICLES, schedule },
    trained,
  );
  const player = usePlayer(steps, SPEEDS[speed]);
  const { shown } = player;
  const field = useTask(client, "field", trained === null ? null : { t, points: GRID }, trained);

  useEffect(() => {
    if (training.isRunning || trained === null) return;
    onSay(`Trained in ${(trained.milliseconds / 1000).toFixed(1)} seconds.`);
  }, [trained, training.isRunning]);

  const add = (point: Point): void => setOwn([...own, [round(point[0]), round(point[1])]]);
  const views = (["learned", "exact"] as const).map((which) => ({
    which,
    title: which === "learned" ? "Learned by the network" : "Exact",
    arrows: field.result === null ? null : field.result[which],
    places: flow.result === null ? null : flow.result[which],
  }));
  const loss = trained?.losses.at(-1);
  const error = field.result?.error;
  return (
    <div class="columns">
      <div class="panel settings">
        <h2>Data</h2>
        <Choice
          label="Shape"
          name="shape"
          value={shape}
          options={[...Object.keys(SHAPES), OWN]}
          onChange={setShape}
        />
        {isOwn && (
          <>
            <p>
              Click or tap the left picture to add points. With the keyboard: focus it, arrows move the cross,
              Enter adds a point, Delete removes the last one.
            </p>
            <button type="button" onClick={() => setOwn([])} disabled={own.length === 0}>
              Remove all {own.length}
            </button>
          </>
        )}
        <NumberField label="Seed" name="plane-seed" value={seed} min={0} max={1e9} onChange={setSeed} />
        <h2>Sampler</h2>
        <Choice
          label="Sampler"
          name="plane-sampler"
          value={sampler}
          options={SAMPLERS}
          onChange={setSampler}
        />
        <Choice
          label="Noise schedule"
          name="plane-schedule"
          value={schedule}
          options={Object.keys(SCHEDULES)}
          onChange={setSchedule}
        />
        <NumberField label="Steps" name="plane-steps" value={steps} min={1} max={200} onChange={setSteps} />
        <h2>Score</h2>
        <Slider
          label="At the amount of noise"
          name="time"
          value={t}
          min={0.05}
          max={0.95}
          step={0.01}
          text={`${Math.round(100 * t)} %`}
          onChange={setT}
        />
        <p aria-live="polite" data-plane={training.isRunning || trained === null ? "waiting" : "trained"}>
          {training.isRunning
            ? `Training, ${training.report?.done ?? 0} batches.`
            : trained === null
              ? "Add points to train on."
              : `Trained in ${(trained.milliseconds / 1000).toFixed(1)} s to a loss of ${loss?.valid.toFixed(3)}.`}
          {error !== undefined &&
            ` Guesses at ${Math.round(100 * t)} % noise: mean squared error ${error.learned.toFixed(4)}, at best ${error.exact.toFixed(4)}.`}
        </p>
      </div>
      <div>
        <Player
          shown={shown}
          length={steps}
          isPlaying={player.isPlaying}
          speed={speed}
          onGo={player.go}
          onPlay={player.play}
          onSpeed={setSpeed}
        />
        {[training, flow, field].map(({ error }, i) =>
          error === "" ? null : (
            <p key={i} role="alert" class="mistake">
              {error}
            </p>
          ),
        )}
        <div class="two">
          {views.map(({ which, title, arrows, places }) => (
            <div key={which}>
              <h3>{title}</h3>
              <Field
                title={`${title}: arrows of the score at ${Math.round(100 * t)} % noise, ${PARTICLES} particles after step ${shown}`}
                arrows={arrows}
                places={places}
                shown={shown}
                data={trained?.data ?? null}
                points={isOwn ? own : []}
                {...(isOwn &&
                  which === "learned" && {
                    cursor,
                    onCursor: setCursor,
                    onAdd: add,
                    onRemove: () => setOwn(own.slice(0, -1)),
                  })}
              />
            </div>
          ))}
        </div>
        <p class="legend">
          Grey: data. Arrows: the score ∇ ln p, by direction; longer where it is larger. Blue: particles, and
          the paths on which they came from noise.
        </p>
        <Keep
          name="plane"
          disabled={flow.result === null || field.result === null}
          svg={() =>
            figure({
              title: "Particles in two dimensions",
              description: `Data, and particles after step ${shown} of ${steps} with their paths: learned, and exact.`,
              x: { label: "*x*", scale: scale(-4, 4) },
              y: { label: "*y*", scale: scale(-4, 4) },
              rows: [
                views.map(({ title, places }) => ({ title, marks: marksOf(trained!.data, places!, shown) })),
              ],
              panelWidth: 320,
              panelHeight: 320,
            })
          }
          csv={() =>
            formatCsv(
              ["step", "particle", "learned_x", "learned_y", "exact_x", "exact_y"],
              flow.result!.learned.flatMap((own, step) =>
                Array.from({ length: own.length / 2 }, (_, i) => {
                  const exact = flow.result!.exact[step];
                  return [step, i, own[2 * i], own[2 * i + 1], exact[2 * i], exact[2 * i + 1]];
                }),
              ),
            )
          }
        />
      </div>
    </div>
  );
}

const round = (value: number): number => Math.round(100 * value) / 100;

interface FieldProps {
  readonly title: string;
  readonly arrows: Float32Array | null;
  readonly places: readonly Float32Array[] | null;
  readonly shown: number;
  readonly data: Float32Array | null;
  readonly points: readonly Point[];
  /** Where the keyboard's cross stands; with it, points can be added. */
  readonly cursor?: Point;
  readonly onCursor?: (point: Point) => void;
  readonly onAdd?: (point: Point) => void;
  readonly onRemove?: () => void;
}

/** A picture of the plane; each kind of thing is one path, so that hundreds of particles move at once. */
function Field({
  title,
  arrows,
  places,
  shown,
  data,
  points,
  cursor,
  onCursor,
  onAdd,
  onRemove,
}: FieldProps) {
  const field = useMemo(() => (arrows === null ? "" : arrowsOf(arrows)), [arrows]);
  const dots = (list: Float32Array): string => {
    let path = "";
    for (let i = 0; i < list.length; i += 2) path += `M${near(list[i])} ${near(-list[i + 1])}h0`;
    return path;
  };
  const behind = useMemo(() => (data === null ? "" : dots(data)), [data]);
  const paths = useMemo(() => {
    if (places === null) return "";
    let path = "";
    for (let i = 0; i < places[0].length; i += 2)
      for (let step = 0; step <= Math.min(shown, places.length - 1); step++)
        path += `${step === 0 ? "M" : "L"}${near(places[step][i])} ${near(-places[step][i + 1])}`;
    return path;
  }, [places, shown]);
  const now = places?.[Math.min(shown, places.length - 1)];
  const placeOf = (event: MouseEvent & { currentTarget: Element }): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    const part = (pixels: number, size: number): number => REACH * ((2 * pixels) / size - 1);
    return [part(event.clientX - box.left, box.width), -part(event.clientY - box.top, box.height)];
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (cursor === undefined) return;
    const [x, y] = cursor;
    const moves: Record<string, Point> = {
      ArrowLeft: [x - 0.1, y],
      ArrowRight: [x + 0.1, y],
      ArrowUp: [x, y + 0.1],
      ArrowDown: [x, y - 0.1],
    };
    const to = moves[event.key];
    if (to !== undefined) onCursor?.([clampToPlane(to[0]), clampToPlane(to[1])]);
    else if (event.key === "Enter" || event.key === " ") onAdd?.(cursor);
    else if (event.key === "Delete" || event.key === "Backspace") onRemove?.();
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: a title would cover the points as a tooltip
    <svg
      class="plane"
      viewBox={`${-REACH} ${-REACH} ${2 * REACH} ${2 * REACH}`}
      {...(cursor === undefined
        ? { role: "img", "aria-label": title }
        : {
            role: "application",
            tabindex: 0,
            "aria-label": `${title}. Cross at ${cursor.map((value) => value.toFixed(1)).join(", ")}, ${points.length} points`,
            onClick: (event) => onAdd?.(placeOf(event)),
            onKeyDown,
          })}
    >
      <path class="data" d={behind} />
      <path class="arrows" d={field} />
      <path class="paths" d={paths} />
      {now !== undefined && <path class="particles" d={dots(now)} />}
      <path class="own" d={dots(Float32Array.from(points.flat()))} />
      {cursor !== undefined && (
        <path
          class="cross"
          d={`M${cursor[0] - 0.08} ${-cursor[1]}h.16M${cursor[0]} ${-cursor[1] - 0.08}v.16`}
        />
      )}
    </svg>
  );
}

const near = (value: number): string => Math.max(-9, Math.min(9, value)).toFixed(3);

const clampToPlane = (value: number): number => round(Math.max(-REACH, Math.min(REACH, value)));

/** Arrows whose length grows slowly with the score, so that all are seen. */
function arrowsOf(scores: Float32Array): string {
  const spacing = (2 * REACH) / (SIDE - 1);
  let path = "";
  for (let i = 0; i < scores.length; i += 2) {
    const [x, y] = [GRID[i], -GRID[i + 1]];
    const [u, v] = [scores[i], -scores[i + 1]];
    const size = Math.hypot(u, v);
    if (!(size > 0)) continue;
    const length = (0.85 * spacing * size) / (size + 3);
    const [dx, dy] = [(u / size) * length, (v / size) * length];
    const [hx, hy] = [x + dx, y + dy];
    path += `M${x.toFixed(3)} ${y.toFixed(3)}L${hx.toFixed(3)} ${hy.toFixed(3)}`;
    path += `M${(hx - 0.35 * dx + 0.2 * dy).toFixed(3)} ${(hy - 0.35 * dy - 0.2 * dx).toFixed(3)}L${hx.toFixed(3)} ${hy.toFixed(3)}`;
    path += `L${(hx - 0.35 * dx - 0.2 * dy).toFixed(3)} ${(hy - 0.35 * dy + 0.2 * dx).toFixed(3)}`;
  }
  return path;
}

/** What is saved as a figure: values beyond the axes are moved to their ends. */
function marksOf(data: Float32Array, places: readonly Float32Array[], shown: number): Mark[] {
  const at = (list: Float32Array, odd: 0 | 1): number[] =>
    Array.from({ length: list.length / 2 }, (_, i) => Math.max(-4, Math.min(4, list[2 * i + odd])));
  const now = places[Math.min(shown, places.length - 1)];
  const paths = Array.from({ length: now.length / 2 }, (_, i): Mark => {
    const own = places.slice(0, shown + 1).map((list) => list.slice(2 * i, 2 * i + 2));
    return {
      kind: "line",
      x: own.map(([x]) => Math.max(-4, Math.min(4, x))),
      y: own.map(([, y]) => Math.max(-4, Math.min(4, y))),
      color: okabeIto.skyBlue,
      width: 0.6,
    };
  });
  return [
    { kind: "points", x: at(data, 0), y: at(data, 1), color: "#bbbbbb", size: 2, label: "data" },
    ...(shown > 0 ? paths : []),
    { kind: "points", x: at(now, 0), y: at(now, 1), color: okabeIto.blue, size: 3, label: "particles" },
  ];
}
