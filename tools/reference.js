/**
 * The API reference that typedoc builds in .build/reference/: a module for each entry point, with the guides of docs/.
 * It must be complete, and it must read offline.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Comment, CommentTag, Context, Converter, ReflectionKind } from "typedoc";
import * as engine from "../dist/index.js";
import { entryPoints, manifest } from "./entry-points.js";

const HOME = "reference.md";
const functions = new Map(Object.entries(engine));
const atRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const guides = readdirSync(atRoot("docs")).filter((file) => file.endsWith(".md") && file !== HOME);

export default {
  name: manifest.name,
  includeVersion: true,
  entryPoints: entryPoints.map(({ source }) => atRoot(source)),
  tsconfig: atRoot("tools/tsconfig.build.json"),
  out: atRoot(".build/reference"),
  plugin: [showFunctions, completeOperations, nameModules, nameGuides, refuseRequests],
  readme: atRoot(`docs/${HOME}`),
  projectDocuments: guides.map((file) => atRoot(`docs/${file}`)),
  highlightLanguages: ["bash", "diff", "html", "javascript", "json", "python", "text", "typescript"],
  searchInDocuments: true,
  searchInComments: true,
  headings: { readme: false, document: false },
  navigation: { includeFolders: false },
  customCss: atRoot("tools/reference.css"),
  excludePrivate: true,
  excludeInternal: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  disableSources: true,
  requiredToBeDocumented: [
    "Enum",
    "EnumMember",
    "Variable",
    "Function",
    "Class",
    "Interface",
    "Method",
    "Accessor",
    "TypeAlias",
  ],
};

/** A module has the name under which it is imported: `halograd/nn`. */
function nameModules(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const { fileName } = context.project.getSymbolIdFromReflection(reflection);
    const { name } = entryPoints.find(({ source }) => fileName === atRoot(source).replaceAll("\\", "/"));
    reflection.name = name;
  });
}

/** What can be called is shown as a function: an operation is a constant, since its record makes it. */
function showFunctions() {
  const commentOf = Context.prototype.getComment;
  Context.prototype.getComment = function (symbol, kind) {
    const comment = commentOf.call(this, symbol, kind);
    if (kind !== ReflectionKind.Variable || !symbol.valueDeclaration) return comment;
    const type = this.checker.getTypeOfSymbolAtLocation(symbol, symbol.valueDeclaration);
    if (type.getCallSignatures().length > 0) comment?.modifierTags.add("@function");
    return comment;
  };
}

/** Elementwise operations say what their records say of them all: shapes, errors, and an example, which is computed here. */
function completeOperations(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of project.getReflectionsByKind(ReflectionKind.Function)) {
      const { name, signatures } = reflection;
      const record = functions.get(name)?.operation;
      if (record?.value === undefined || signatures?.length !== 1) continue;
      signatures[0].comment ??= new Comment();
      const { comment } = signatures[0];
      const count = record.value.length - 1;
      const shapes =
        count === 1
          ? "x has any shape, and the result has the same."
          : "Shapes broadcast against each other.";
      comment.summary.push({ kind: "text", text: `\n\n${shapes}` });
      if (count > 1 && !comment.getTag("@throws"))
        comment.blockTags.push(
          new CommentTag("@throws", [{ kind: "text", text: "ShapeError where shapes do not broadcast" }]),
        );
      const example = comment.getTag("@example") ? undefined : exampleOf(name, count);
      if (example)
        comment.blockTags.push(
          new CommentTag("@example", [{ kind: "code", text: `\`\`\`ts\n${example}\n\`\`\`` }]),
        );
    }
  });
}

/** A call of an operation on a few numbers, with what it gives; only where that is finite. */
function exampleOf(name, count) {
  const drawn = [
    [-0.5, 0.5, 2],
    [2, 3, 0.5],
  ].slice(0, count);
  const call = (operands) =>
    functions
      .get(name)(...operands.map((list) => engine.tensor(list)))
      .toArray();
  const isGiven = call(drawn).map(Number.isFinite);
  const operands = drawn.map((list) => list.filter((_, i) => isGiven[i]));
  if (count > 2 || operands[0].length === 0) return undefined;
  const shown = call(operands).map((value) => Number(value.toPrecision(5)));
  return `${name}(${operands.map((list) => `tensor([${list.join(", ")}])`).join(", ")}); // tensor([${shown.join(", ")}])`;
}

/** A guide has its heading for a name. */
function nameGuides(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, reflection) => {
    reflection.name = /^# (.*)/.exec(reflection.content[0].text)?.[1] ?? reflection.name;
  });
}

/** A page that loads anything from elsewhere would not read offline. */
function refuseRequests(app) {
  app.on(Application.EVENT_GENERATE_OUTPUTS_END, () => {
    const folder = app.options.getValue("out");
    for (const file of readdirSync(folder, { recursive: true })) {
      if (!/\.(html|css)$/.test(file)) continue;
      const loads =
        /<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?\/\/[^"]*|url\(["']?(?:https?:)?\/\/[^)]*|@import[^;]*/g;
      for (const [request] of readFileSync(join(folder, file), "utf8").matchAll(loads))
        app.logger.error(`${file} needs the network: ${request}`);
    }
  });
}
