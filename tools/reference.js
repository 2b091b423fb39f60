/** The API reference that typedoc builds in .build/reference/: one module for each entry point, everything documented. */
import { fileURLToPath } from "node:url";
import { entryPoints } from "./entry-points.js";

const atRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export default {
  entryPoints: entryPoints.map(({ source }) => atRoot(source)),
  tsconfig: atRoot("tools/tsconfig.build.json"),
  out: atRoot(".build/reference"),
  readme: "none",
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
  // Methods that follow from functions, which are documented.
  intentionallyNotDocumented: [
    "index.Tensor.transpose",
    "index.Tensor.unsqueeze",
    "index.Tensor.squeeze",
    "index.Tensor.flatten",
    "index.Tensor.flip",
    "index.Tensor.slice",
    "index.Tensor.contiguous",
  ],
};
