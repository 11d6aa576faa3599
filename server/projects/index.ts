export { deleteProject, setProjectStatus, updateGuidelines, updateStrategy } from "./changeProject";
export { createProject, defaultStrategy, requireMayCreate } from "./createProject";
export { listStrategies, type StrategyView } from "./listStrategies";
export { listTrainers, type TrainerView } from "./listTrainers";
export { loadProject, loadProjectAt, projectNotFound } from "./loadProject";
export type { ProjectRow } from "./projectRow";
export { listProjects, readProject } from "./readProject";
export { slugOf } from "./slug";
export { updateProject } from "./updateProject";
