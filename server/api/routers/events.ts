import { watchProject } from "../../access";
import { projectProcedure, router } from "../trpc";

/** A caller inside the process that gives no signal reads for as long as it likes. */
const NEVER = new AbortController().signal;

export const eventsRouter = router({
  /** Stream of what changed in the project; a page then asks again for what it shows. */
  project: projectProcedure("view").subscription(async function* ({ ctx, input, signal }) {
    yield* watchProject(ctx, input.projectId, signal ?? NEVER);
  }),
});
