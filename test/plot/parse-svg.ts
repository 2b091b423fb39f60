/** A small strict reader of the XML that figures are made of: throws where a browser's XML parser would. */

export interface SvgElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Own text and that of all children, entities resolved. */
  text: string;
}

/** All elements in document order. */
export function parseSvg(svg: string): SvgElement[] {
  const elements: SvgElement[] = [];
  const open: SvgElement[] = [];
  let end = 0;
  for (const match of svg.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?: [a-zA-Z:-]+="[^"<]*")*)(\/?)>|[^<]+/g)) {
    if (match.index !== end) break;
    end += match[0].length;
    const [all, closing, name, attributes, empty] = match;
    if (name === undefined) {
      if (open.length === 0) throw new Error(`text outside the root: ${all}`);
      for (const element of open) element.text += resolve(all);
    } else if (closing === "/") {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      if (open.length === 0 && elements.length > 0) throw new Error("two roots");
      const pairs = [...attributes.matchAll(/ ([a-zA-Z:-]+)="([^"]*)"/g)].map(([, key, value]) => [
        key,
        resolve(value),
      ]);
      const element = { name, attributes: Object.fromEntries(pairs), text: "" };
      if (Object.keys(element.attributes).length !== pairs.length)
        throw new Error(`<${name}> repeats an attribute`);
      elements.push(element);
      if (empty !== "/") open.push(element);
    }
  }
  if (end !== svg.length) throw new Error(`not well-formed at: ${svg.slice(end, end + 60)}`);
  if (open.length > 0) throw new Error(`<${open[0].name}> is not closed`);
  return elements;
}

function resolve(text: string): string {
  return text.replace(/&(\w+|#39);|&/g, (entity) => {
    if (!(entity in ENTITIES)) throw new Error(`unknown entity in: ${text}`);
    return ENTITIES[entity];
  });
}

const ENTITIES: Record<string, string> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

/** The points of a path of M, H, V, h, v and Z with absolute line-tos, as figures write them. */
export function pathPoints(d: string): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = [];
  let [x, y] = [0, 0];
  for (const [, command, rest] of d.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const numbers = rest.trim() === "" ? [] : rest.trim().split(/\s+/).map(Number);
    if (command === "Z") continue;
    if (command === "M") {
      if (numbers.length === 0 || numbers.length % 2 !== 0) throw new Error(`odd path: ${d}`);
      for (let i = 0; i < numbers.length; i += 2) {
        [x, y] = [numbers[i], numbers[i + 1]];
        points.push({ x, y });
      }
    } else {
      if (!"HVhv".includes(command) || numbers.length !== 1)
        throw new Error(`unknown command ${command} in ${d}`);
      if (command === "H") x = numbers[0];
      if (command === "V") y = numbers[0];
      if (command === "h") x += numbers[0];
      if (command === "v") y += numbers[0];
      points.push({ x, y });
    }
  }
  return points;
}

/** Corners of everything that is drawn. */
export function drawnPoints(elements: readonly SvgElement[]): { x: number; y: number }[] {
  return elements.flatMap(({ name, attributes }) => {
    const at = (key: string): number => Number(attributes[key] ?? 0);
    if (name === "path") return pathPoints(attributes.d);
    if (name === "text") return [{ x: at("x"), y: at("y") }];
    if (name === "circle") {
      return [-1, 1].map((sign) => ({ x: at("cx") + sign * at("r"), y: at("cy") + sign * at("r") }));
    }
    if (name !== "rect") return [];
    return [
      { x: at("x"), y: at("y") },
      { x: at("x") + at("width"), y: at("y") + at("height") },
    ];
  });
}

/** The frames of the panels: rectangles with an outline only, colour bars apart. */
export function frames(
  elements: readonly SvgElement[],
): { x: number; y: number; width: number; height: number }[] {
  return elements
    .filter((element, i) => element.name === "rect" && elements[i - 1]?.attributes.fill === "none")
    .map(({ attributes: a }) => ({ x: +a.x, y: +a.y, width: +a.width, height: +a.height }));
}
