// The layering of src/: imports point down only. One rule per folder is derived from the rows below; the
// named rules after them are the tighter promises that some folders make.

/** The folders of src/, top row first. A folder imports from lower rows, never from a higher row or its own. */
const rows = [
  ["cli"],
  ["node"],
  ["curves"],
  ["diffusion", "galaxy", "metrics", "plot"],
  ["nn"],
  ["optim", "io", "onnx", "testing", "diagram", "compile"],
  ["tensor"],
  ["autograd"],
  ["ops"],
  ["basics"],
  ["kernels"],
];

const layerRules = rows.flatMap((row, depth) =>
  row.map((folder) => ({
    name: `${folder}-imports-down-only`,
    severity: "error",
    comment: `src/${folder}/ imports itself and the rows below it: ${rows.slice(depth + 1).join(", ") || "none"}.`,
    from: { path: `^src/${folder}/` },
    to: { path: "^src/", pathNot: `^src/(${[folder, ...rows.slice(depth + 1).flat()].join("|")})/` },
  })),
);

export default {
  forbidden: [
    ...layerRules,
    {
      name: "known-folders-only",
      severity: "error",
      comment: "A new folder of src/ gets its row at the top of this file first.",
      from: { path: "^src/", pathNot: `^src/(index\\.ts$|(${rows.flat().join("|")})/)` },
      to: {},
    },
    {
      name: "engine-alone",
      severity: "error",
      comment:
        "Who imports `halograd` loads the engine, never galaxies, scores, figures or the command line.",
      from: { path: "^src/index\\.ts$" },
      to: { path: "^src/(cli|node|curves|diffusion|galaxy|metrics|plot)/", reachable: true },
    },
    {
      name: "galaxy-knows-no-tensors",
      severity: "error",
      comment: "Rotation curves are plain numbers in, Float64Array out.",
      from: { path: "^src/galaxy/" },
      to: {
        path: "^src/",
        pathNot: "^src/(galaxy/|kernels/(math|cholesky)|basics/(random|errors|check)\\.ts$)",
      },
    },
    {
      name: "plot-for-cli-and-curves-only",
      severity: "error",
      comment: "Figures are drawn at the edge.",
      from: { path: "^src/", pathNot: "^src/(cli|curves|plot)/" },
      to: { path: "^src/plot/" },
    },
    {
      name: "platform-neutral",
      severity: "error",
      comment: "Only src/cli/ and src/node/ know Node; the rest runs anywhere JavaScript does.",
      from: { path: "^src/", pathNot: "^src/(cli|node)/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-packages",
      severity: "error",
      comment:
        "halograd has no runtime dependency: src/ imports its own files and, in cli/ and node/, node:*.",
      from: { path: "^src/" },
      to: { pathNot: "^src/", dependencyTypesNot: ["core"] },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "A cycle is allowed only inside one folder and only when a type-only import closes it.",
      from: { path: "^src/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
  ],
  options: { tsConfig: { fileName: "tsconfig.json" }, tsPreCompilationDeps: true },
};
