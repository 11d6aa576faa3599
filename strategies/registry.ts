import { makeAlbl } from "./albl";
import { bald } from "./bald";
import { base } from "./base";
import { batchBald } from "./batch-bald";
import { regressionStrategies } from "./bmdal";
import { classUncertainty } from "./class-uncertainty";
import { FILTERS } from "./core/filters";
import type { Registry, Strategy } from "./core/types";
import { direct } from "./direct";
import { emal } from "./emal";
import { entropy } from "./entropy";
import { epig } from "./epig";
import { galaxy } from "./galaxy";
import { kCenterGreedyStrategy } from "./k-center-greedy";
import { ldm, ldmSeeded } from "./ldm";
import { leastConfidence } from "./least-confidence";
import { margin } from "./margin";
import { marginKMeans } from "./margin-kmeans";
import { mase } from "./mase";
import { mostLikelyPositive } from "./most-likely-positive";
import { powerMargin } from "./power-margin";
import { queryByCommittee } from "./query-by-committee";
import { random } from "./random";
import { makeRandomMeta } from "./random-meta";
import { similar } from "./similar";
import { makeTailor } from "./tailor";
import { tilted } from "./tilted";
import { typiclust } from "./typiclust";
import { weak } from "./weak";

/** Every acquisition strategy that works by itself: a new one is one folder and one line here. */
const STRATEGIES: readonly Strategy[] = [
  margin,
  leastConfidence,
  entropy,
  marginKMeans,
  kCenterGreedyStrategy,
  typiclust,
  random,
  ldmSeeded,
  ldm,
  bald,
  batchBald,
  queryByCommittee,
  epig,
  base,
  mase,
  tilted,
  galaxy,
  direct,
  similar,
  mostLikelyPositive,
  classUncertainty,
  emal,
  weak,
  powerMargin,
];

/** Every acquisition strategy of the product; the last ones choose among the others. */
export const registry: Registry = {
  strategies: [
    ...STRATEGIES,
    ...regressionStrategies,
    makeTailor(STRATEGIES),
    makeAlbl(STRATEGIES),
    makeRandomMeta(STRATEGIES),
  ],
  filters: FILTERS,
};
