import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import {
  asMarkup,
  coordinate,
  element,
  escapeText,
  isFigure,
  label,
  labelWidth,
  pathData,
  svgDocument,
} from "../../src/plot/svg.ts";
import { parseSvg } from "./parse-svg.ts";

describe("Elements", () => {
  test.prop([fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })])(
    "carry any text in attributes and content, and stay well-formed",
    (attribute, content) => {
      const [outer, inner] = parseSvg(element("a", { b: attribute }, element("c", {}, escapeText(content))));
      expect(outer.attributes.b).toBe(attribute);
      expect(inner.text).toBe(content);
    },
  );

  test("replace characters that XML forbids, lone surrogates among them", () => {
    expect(element("a", {}, label(0, 0, "\u0000\ud800<&>"))).toBe(
      '<a><text x="0" y="0">��&lt;&amp;&gt;</text></a>',
    );
  });

  test("refuse numbers that no renderer can place", () => {
    for (const bad of [Number.NaN, Infinity, -Infinity])
      expect(() => element("a", { x: bad })).toThrow(ArgumentError);
  });
});

describe("Coordinates", () => {
  test.prop([fc.double({ min: -1e5, max: 1e5, noNaN: true })])(
    "have at most 2 decimals, nearest to the value",
    (x) => {
      expect(coordinate(x)).toMatch(/^-?\d+(\.\d{1,2})?$/);
      expect(Math.abs(Number(coordinate(x)) - x)).toBeLessThanOrEqual(0.005 + 1e-9);
    },
  );

  test("of a path are written once each, shortly", () => {
    expect(pathData([0, 1.005, -0.001], [3, 2.5, 1 / 3])).toBe("M0 3 1 2.5 0 0.33");
    expect(pathData([0.15], [3.33], 1)).toBe("M0.2 3.3");
  });
});

describe("Labels", () => {
  test("set italics and exponents, and return to the baseline after them", () => {
    const svg = label(1, 2, "*v* [km s^{−1}] now", { size: 10 });
    expect(svg).toContain(
      '<tspan font-style="italic">v</tspan> [km s<tspan dy="-3.6" font-size="7.4">−1</tspan>',
    );
    expect(svg).toContain('<tspan dy="3.6">] now</tspan>');
  });

  test("keep marks of markup that are not closed", () => {
    expect(parseSvg(label(0, 0, "2 * 3 ^ 4 _ {x}"))[0].text).toBe("2 * 3 ^ 4 _ {x}");
  });

  test.prop([fc.string()])("show the texts of users as they are, whatever markup they hold", (text) => {
    const name = `a${text}_{2}*b*\\^`;
    expect(parseSvg(label(0, 0, asMarkup(name)))[0].text).toBe(name);
  });

  test("are wider for more and for wider characters", () => {
    expect(labelWidth("1000")).toBeGreaterThan(labelWidth("100"));
    expect(labelWidth("mm")).toBeGreaterThan(labelWidth("ii"));
    expect(labelWidth("10^{12}")).toBeLessThan(labelWidth("1012"));
  });
});

test("A figure is one document with the role of an image and a title, and nothing before or behind it", () => {
  const svg = svgDocument({ width: 1, height: 1, title: "t", description: "d" }, []);
  expect(isFigure(svg)).toBe(true);
  for (const other of [
    ...[svg.replace(' role="img"', ""), svg.replace("<title>t</title>", ""), svg.replace("<title", "<desc")],
    ...[`${svg} `, ` ${svg}`, svg + svg, `<g>${svg}</g>`, svg.slice(0, -6), svg.slice(0, -1), "", "text", 5],
  ])
    expect(isFigure(other), `${other}`).toBe(false);
});
