import { FILTERS } from "./core/filters";
import type { Registry } from "./core/types";
import { entropy } from "./entropy";
import { kCenterGreedyStrategy } from "./k-center-greedy";
import { leastConfidence } from "./least-confidence";
import { margin } from "./margin";
import { marginKMeans } from "./margin-kmeans";
import { random } from "./random";
import { typiclust } from "./typiclust";

/** Every acquisition strategy of the product: a new one is one folder and one line here. */
export const registry: Registry = {
  strategies: [margin, leastConfidence, entropy, marginKMeans, kCenterGreedyStrategy, typiclust, random],
  filters: FILTERS,
};
