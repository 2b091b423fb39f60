/**
 * The API reference that typedoc builds in .build/reference/: a module for each entry point, with the guides of docs/.
 * It must be complete, and it must read offline.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Converter, ReflectionKind } from "typedoc";
import { entryPoints, manifest } from "./entry-points.js";

const HOME = "reference.md";
const atRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const guides = readdirSync(atRoot("docs")).filter((file) => file.endsWith(".md") && file !== HOME);

export default {
  name: manifest.name,
  includeVersion: true,
  entryPoints: entryPoints.map(({ source }) => atRoot(source)),
  tsconfig: atRoot("tools/tsconfig.build.json"),
  out: atRoot(".build/reference"),
  plugin: [nameModules, nameGuides, refuseRequests],
  readme: atRoot(`docs/${HOME}`),
  projectDocuments: guides.map((file) => atRoot(`docs/${file}`)),
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
