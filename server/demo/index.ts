export { type CreateDemoInput, createDemo } from "./createDemo";
export { DEMO_DATASETS } from "./datasets";
export { type DemoProgress, type FoundDemo, findDemoProjects, readDemoProgress } from "./demo.db";
export { requestSimulation, type SimulationInput } from "./requestSimulation";
