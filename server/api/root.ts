import { accessRouter } from "./routers/access";
import { annotationRouter } from "./routers/annotation";
import { apiKeyRouter } from "./routers/apiKey";
import { auditLogRouter } from "./routers/auditLog";
import { dashboardRouter } from "./routers/dashboard";
import { demoRouter } from "./routers/demo";
import { eventsRouter } from "./routers/events";
import { importsRouter } from "./routers/imports";
import { ingestRouter } from "./routers/ingest";
import { invitationRouter } from "./routers/invitation";
import { itemRouter } from "./routers/item";
import { jobRouter } from "./routers/job";
import { memberRouter } from "./routers/member";
import { modelRouter } from "./routers/model";
import { projectRouter } from "./routers/project";
import { queueRouter } from "./routers/queue";
import { roundRouter } from "./routers/round";
import { strategyRouter } from "./routers/strategy";
import { router } from "./trpc";

/** One line per router. */
export const appRouter = router({
  access: accessRouter,
  annotation: annotationRouter,
  apiKey: apiKeyRouter,
  auditLog: auditLogRouter,
  dashboard: dashboardRouter,
  demo: demoRouter,
  ingest: ingestRouter,
  imports: importsRouter,
  item: itemRouter,
  invitation: invitationRouter,
  job: jobRouter,
  member: memberRouter,
  model: modelRouter,
  events: eventsRouter,
  project: projectRouter,
  queue: queueRouter,
  round: roundRouter,
  strategy: strategyRouter,
});

export type AppRouter = typeof appRouter;
