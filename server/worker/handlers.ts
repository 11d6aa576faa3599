import type { JobName } from "@/contracts/jobs";
import type { JobModule } from "../jobs";

/**
 * One lazy line per job: a job without its line does not compile, and a worker loads a handler's code when its first run
 * comes. The handler lives in the feature that owns the job.
 */
export type JobHandlers = { [N in JobName]: () => Promise<JobModule<N>> };

export const HANDLERS: JobHandlers = {
  "ingestion.run": () => import("../ingestion/run.job"),
  "items.index": () => import("../items/index.job"),
  "features.build": () => import("../features/build.job"),
  "training.retrain": () => import("../training/retrain.job"),
  "prediction.predict": () => import("../prediction/predict.job"),
  "prediction.assemble": () => import("../prediction/assemble.job"),
  "queue.refill": () => import("../acquisition/refill.job"),
  "acquisition.preview": () => import("../acquisition/preview.job"),
  "evaluation.measure": () => import("../evaluation/measure.job"),
  "demo.simulate": () => import("../demo/simulate.job"),
  "training.tick": () => import("../training/tick.job"),
};
