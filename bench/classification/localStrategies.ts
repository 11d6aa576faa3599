/** The strategies of the local table under the names of the reference, as specs of the library. */

const EACH = { perClass: "each" };
const RELEASED_ARMS = ["galaxy", "least-confidence", "badge", "most-likely-positive", "similar"];
/** Quirks of the released code: the likely positives in reverse, similar = random, the first BADGE centre never served. */
const RELEASED_QUIRKS = {
  "most-likely-positive": { order: "worstFirst" },
  similar: { guard: "released" },
  badge: { armRule: "released" },
};
const WORST_FIRST = { "most-likely-positive": RELEASED_QUIRKS["most-likely-positive"] };
const CORRECTED = { similar: RELEASED_QUIRKS.similar, badge: RELEASED_QUIRKS.badge };
const PUBLISHED_LDM = { search: "scales", reference: 1000, maxCandidates: 1000, prefilter: "random", stop: 10 };

const single = (use: string, options: object = {}) => ({ op: "single", use, options });
const ofArms = (use: string, arms: readonly string[], armOptions: object, more: object = {}) =>
  single(use, { arms, armOptions, ...EACH, ...more });

/** Those of the reference come first; those of the product's own defaults have no counterpart there. */
export const LOCAL_STRATEGIES: Readonly<Record<string, unknown>> = {
  random: single("random"),
  margin: single("margin"),
  least_confidence: single("least-confidence"),
  entropy: single("entropy"),
  badge: single("badge"),
  coreset: single("k-center-greedy"),
  base: single("base", { rotate: false }),
  cluster_margin: single("cluster-margin", { factor: 1.25, member: "smallest-margin" }),
  galaxy: ofArms("random-meta", ["galaxy"], {}),
  mlp: ofArms("random-meta", ["most-likely-positive"], RELEASED_QUIRKS),
  random_meta: ofArms("random-meta", RELEASED_ARMS, RELEASED_QUIRKS),
  albl: ofArms("albl", RELEASED_ARMS, RELEASED_QUIRKS),
  tailor: ofArms("tailor", RELEASED_ARMS, RELEASED_QUIRKS, { released: true }),
  tailor_mlpdesc: ofArms("tailor", RELEASED_ARMS, CORRECTED, { released: true }),
  tailor_unc: ofArms("tailor", ["galaxy", "least-confidence", "badge"], RELEASED_QUIRKS, { released: true }),
  ldm_topk: single("ldm", PUBLISHED_LDM),
  ldm_s: single("ldm-s", PUBLISHED_LDM),
  tailor_default: single("tailor"),
  ldm_s_default: single("ldm-s"),
  cluster_margin_default: single("cluster-margin"),
};

const MULTI_ARMS = ["emal", "class-uncertainty", "most-likely-positive", "galaxy"];

/** Those of the multi-label set; the reference left the weak arm out. */
export const YEAST_STRATEGIES: Readonly<Record<string, unknown>> = {
  random: single("random"),
  emal: single("emal"),
  uncertain: ofArms("random-meta", ["class-uncertainty"], {}),
  mlp: ofArms("random-meta", ["most-likely-positive"], WORST_FIRST),
  galaxy: ofArms("random-meta", ["galaxy"], {}),
  random_meta: ofArms("random-meta", MULTI_ARMS, WORST_FIRST),
  albl: ofArms("albl", MULTI_ARMS, WORST_FIRST),
  tailor: ofArms("tailor", MULTI_ARMS, WORST_FIRST, { released: true }),
  tailor_mlpdesc: ofArms("tailor", MULTI_ARMS, {}, { released: true }),
  tailor_pos: ofArms("tailor", MULTI_ARMS, WORST_FIRST, { released: true, objective: "find" }),
  tailor_unc: ofArms("tailor", ["emal", "class-uncertainty", "galaxy"], {}, { released: true }),
  tailor_default: single("tailor"),
};
