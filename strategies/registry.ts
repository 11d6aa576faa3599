import { makeAlbl } from "./albl";
import { badge } from "./badge";
import { bait } from "./bait";
import { bald } from "./bald";
import { base } from "./base";
import { batchBald } from "./batch-bald";
import { regressionStrategies } from "./bmdal";
import { classUncertainty } from "./class-uncertainty";
import { clusterMargin } from "./cluster-margin";
import { ASSIGNERS } from "./core/assigners";
import { FILTERS } from "./core/filters";
import type { Registry, Strategy } from "./core/types";
import { densityWeighted } from "./density-weighted";
import { direct } from "./direct";
import { dppMap } from "./dpp-map";
import { emal } from "./emal";
import { entropy } from "./entropy";
import { epig } from "./epig";
import { galaxy } from "./galaxy";
import { kCenterGreedyStrategy } from "./k-center-greedy";
import { ldm, ldmSeeded } from "./ldm";
import { leastConfidence } from "./least-confidence";
import { margin } from "./margin";
import { marginKMeans } from "./margin-kmeans";
import { marginPivotal } from "./margin-pivotal";
import { mase } from "./mase";
import { mostLikelyPositive } from "./most-likely-positive";
import { powerMargin } from "./power-margin";
import { probcover } from "./probcover";
import { queryByCommittee } from "./query-by-committee";
import { random } from "./random";
import { makeRandomMeta } from "./random-meta";
import { sensitivity } from "./sensitivity";
import { similar } from "./similar";
import { makeTailor } from "./tailor";
import { tilted } from "./tilted";
import { typiclust } from "./typiclust";
import { vOptimality } from "./v-optimality";
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
  badge,
  bait,
  clusterMargin,
  probcover,
  vOptimality,
  marginPivotal,
  densityWeighted,
  sensitivity,
  dppMap,
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
  assigners: ASSIGNERS,
};
