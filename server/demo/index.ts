export { type CreateDemoInput, createDemo } from "./createDemo";
export { DEMO_DATASETS } from "./datasets";
export { requestSimulation, type SimulationInput } from "./requestSimulation";
