const TEST = "(^|/)(test|e2e|bench)/|\\.(test|spec|bench)\\.tsx?$|^vitest\\.|^playwright\\.";

/** The dependency rules between rooms. Each is an error in CI; an exception is a line here with its reason. */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "strategies-are-pure",
      severity: "error",
      comment: "strategies/ imports itself only: no npm, no node:, no other room.",
      from: { path: "^strategies/", pathNot: TEST },
      to: { pathNot: ["^strategies/"] },
    },
    {
      name: "strategy-isolation",
      severity: "error",
      comment: "one strategy never imports another; shared maths lives in core/, hot loops in kernels/",
      from: { path: "^strategies/([^/]+)/", pathNot: ["^strategies/(core|kernels)/", TEST] },
      to: { path: "^strategies/[^/]+/", pathNot: ["^strategies/$1/", "^strategies/core/", "^strategies/kernels/"] },
    },
    {
      name: "kernels-know-no-strategy",
      severity: "error",
      from: { path: "^strategies/kernels/", pathNot: TEST },
      to: { path: "^strategies/", pathNot: "^strategies/kernels/" },
    },
    {
      name: "contracts-are-leaf",
      severity: "error",
      from: { path: "^contracts/", pathNot: TEST },
      to: { pathNot: ["^contracts/", "node_modules/zod/"] },
    },
    {
      name: "task-types-know-no-room",
      severity: "error",
      from: { path: "^task-types/", pathNot: TEST },
      to: { path: "^(app|server|prisma)/|node_modules/(@prisma|\\.prisma|next)/" },
    },
    {
      name: "task-type-isolation",
      severity: "error",
      comment: "one task type never imports another",
      from: { path: "^task-types/([^/]+)/", pathNot: TEST },
      to: { path: "^task-types/[^/]+/", pathNot: ["^task-types/$1/", "^task-types/_shared/"] },
    },
    {
      name: "annotator-only-lazily",
      severity: "error",
      comment: "a definition reaches its UI through import() only, so server bundles never evaluate React",
      from: { path: "^task-types/[^/]+/index\\.ts$" },
      to: { path: "^task-types/[^/]+/(annotator|review|configEditor)\\.tsx$", dynamic: false },
    },
    {
      name: "task-type-core-has-no-react",
      severity: "error",
      comment: "only the annotator and review files may know React",
      from: { path: "^task-types/", pathNot: ["\\.tsx$", TEST] },
      to: { path: "node_modules/(react|react-dom|next)/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "features-by-front-door",
      severity: "error",
      comment: "server/<feature>/ is reached through its index.ts",
      from: { path: "^server/([^/]+)/", pathNot: TEST },
      to: {
        path: "^server/[^/]+/.+",
        // server/api/root.ts: the type of the API, for whoever calls it over the network.
        pathNot: [
          "^server/$1/",
          "^server/[^/]+/index\\.ts$",
          "\\.job\\.ts$",
          "^server/generated/",
          "^server/api/root\\.ts$",
        ],
      },
    },
    {
      name: "job-handlers-only-from-worker",
      severity: "error",
      comment: "senders know the payload contract, never the handler",
      from: { pathNot: ["^server/worker/handlers\\.ts$", TEST] },
      to: { path: "\\.job\\.ts$" },
    },
    {
      name: "compute-stays-out-of-the-web-process",
      severity: "error",
      comment: "ONNX, TensorFlow.js and the kernels load in the compute child only",
      from: { pathNot: ["^server/(compute|models|features)/", "^bin/", "^scripts/", TEST] },
      to: { path: "node_modules/(onnxruntime-node|@tensorflow|@huggingface)/" },
    },
    {
      name: "app-reaches-server-by-door",
      severity: "error",
      comment: "pages and components: types only. Route handlers and the server caller are the two doors.",
      from: { path: "^app/", pathNot: ["^app/api/", "^app/_rpc/server\\.ts$", TEST] },
      to: { path: "^server/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "app-never-touches-prisma",
      severity: "error",
      from: { path: "^app/" },
      to: { path: "^prisma/|^server/generated/|node_modules/(@prisma|\\.prisma)/" },
    },
    { name: "server-never-imports-app", severity: "error", from: { path: "^server/" }, to: { path: "^app/" } },
    {
      name: "routers-are-thin",
      severity: "error",
      comment: "routers call services; they do not open the database",
      from: { path: "^server/api/routers/" },
      to: { path: "^server/db\\.ts$|\\.db\\.ts$|node_modules/@prisma/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "worker-not-imported",
      severity: "error",
      comment: "web enqueues by contract, never by importing worker code",
      from: { pathNot: ["^server/worker/", "^scripts/", TEST] },
      to: { path: "^server/worker/" },
    },
    { name: "no-tests-in-product", severity: "error", from: { pathNot: TEST }, to: { path: TEST } },
    {
      name: "not-to-unresolvable",
      severity: "error",
      from: { pathNot: "^strategies/kernels/assembly/" },
      to: { couldNotResolve: true, pathNot: "^server-only$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    // Packages say in "exports" what may be imported of them.
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
    exclude: { path: "(^|/)(\\.next|dist|node_modules/\\.cache)/|^strategies/kernels/assembly/" },
  },
};
