import { z } from "zod";
import { pageInput } from "@/contracts/access";
import { LIMITS } from "@/contracts/limits";
import {
  createProjectInput,
  PROJECT_CREATION,
  PROJECT_STATUSES,
  projectStrategy,
  updateProjectInput,
} from "@/contracts/project";
import {
  createProject,
  deleteProject,
  listProjects,
  listStrategies,
  listTrainers,
  readProject,
  readProjectCreation,
  setProjectCreation,
  setProjectStatus,
  updateGuidelines,
  updateProject,
  updateStrategy,
} from "../../projects";
import { actorProcedure, adminProcedure, projectProcedure, projectRefProcedure, router, userProcedure } from "../trpc";

const projectsPage = pageInput.extend({ limit: z.int().min(1).max(LIMITS.pageRows).default(LIMITS.projectsPerPage) });
/** The registries are the same for every project; the number is taken so that callers need not leave it out. */
const registryInput = z.object({ projectId: z.int().optional() }).optional();

export const projectRouter = router({
  /** The caller's projects, newest first; administrators see all. */
  list: userProcedure.input(projectsPage).query(({ ctx, input }) => listProjects(ctx, input)),
  /** One project with its guidelines, by number or address. */
  get: projectRefProcedure("view").query(({ ctx }) => readProject(ctx)),
  /** Makes a project; administrators, or everyone where the instance allows it. */
  create: userProcedure.input(createProjectInput).mutation(({ ctx, input }) => createProject(ctx, input)),
  /** Changes settings; a label that was used cannot be removed. */
  update: projectProcedure("manage")
    .input(updateProjectInput)
    .mutation(({ ctx, input }) => updateProject(ctx, input)),
  /** Stores the guidelines under a new version. */
  updateGuidelines: projectProcedure("manage")
    .input(z.object({ guidelines: z.string().max(LIMITS.guidelinesBytes) }))
    .mutation(({ ctx, input }) => updateGuidelines(ctx, input)),
  /** Pauses, resumes or archives. */
  setStatus: projectProcedure("manage")
    .input(z.object({ status: z.enum(PROJECT_STATUSES) }))
    .mutation(({ ctx, input }) => setProjectStatus(ctx, input)),
  /** Changes what fills the queue and has it refilled. */
  updateStrategy: projectProcedure("manage")
    .input(z.object({ strategy: projectStrategy }))
    .mutation(({ ctx, input }) => updateStrategy(ctx, input)),
  /** Deletes the project; its address must be typed in. */
  delete: projectProcedure("manage")
    .input(z.object({ confirmSlug: z.string().max(100) }))
    .mutation(({ ctx, input }) => deleteProject(ctx, input)),
  /** Who may make projects on this instance, and whether the caller may. */
  creation: userProcedure.query(({ ctx }) => readProjectCreation(ctx)),
  /** Lets everyone make projects, or administrators only. */
  setCreation: adminProcedure
    .input(z.object({ who: z.enum(PROJECT_CREATION) }))
    .mutation(({ ctx, input }) => setProjectCreation(ctx, input)),
  /** The registered acquisition strategies with their options. */
  strategies: actorProcedure.input(registryInput).query(() => listStrategies()),
  /** The registered trainers with their options. */
  trainers: actorProcedure.input(registryInput).query(() => listTrainers()),
});
