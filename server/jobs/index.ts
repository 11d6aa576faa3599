export { cancelJob, isCancelRequested } from "./cancelJob";
export type { JobContext, JobHandler, JobModule, ProgressReport } from "./jobHandler";
export { JOB_CHANNEL } from "./jobs.db";
export { Listener } from "./listen";
export { getListener, listenProject } from "./listenProject";
export { getJobRun, listJobRuns } from "./listJobRuns";
export { notifyProject } from "./notifyProject";
export { reportProgress } from "./reportProgress";
export { type JobRequest, type RequestedJob, requestJob } from "./requestJob";
