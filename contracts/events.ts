/** Topics a live page can be told about; the page then asks again for what it shows of that topic. */
export const TOPICS = [
  "labels",
  "queue",
  "jobs",
  "models",
  "items",
  "imports",
  "metrics",
  "settings",
  "members",
] as const;
export type Topic = (typeof TOPICS)[number];
export interface ProjectEvent {
  projectId: number;
  topic: Topic;
}
