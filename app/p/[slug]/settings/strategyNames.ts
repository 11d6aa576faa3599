import type { ProjectStrategy } from "@/contracts/project";

/** What the fields of a strategy are called on screen. */
export const STRATEGY_NAMES: { [K in keyof ProjectStrategy]: string } = {
  version: "the version",
  main: "the main strategy",
  coldStart: "cold start",
  minLabels: "the labels it starts from",
  minClasses: "the classes it starts from",
  auditShare: "the audit share",
  batchSize: "items per round",
};
