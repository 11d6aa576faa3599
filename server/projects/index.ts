export { loadProject, loadProjectAt, projectNotFound } from "./loadProject";
export type { ProjectRow } from "./projectRow";
