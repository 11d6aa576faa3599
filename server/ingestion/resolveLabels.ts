import type { ImportMapping } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { getTaskType } from "@/task-types/registry";
import type { SettledItem } from "../consensus";
import { settleItem } from "../consensus";
import { excerptOf } from "../formats";
import type { RowIssue } from "./rowIssue";

/** What labels that come along are read against. */
export interface LabelledProject {
  taskType: string;
  taskConfig: unknown;
  overlap: number;
}

/** A label as it will be stored, with the state of the item that has it as its only answer. */
export interface ResolvedLabel {
  /** JSON of the value. */
  value: string;
  settled: SettledItem;
  /** JSON of the aggregated label, or null. */
  consensus: string | null;
}

const KNOWN_SHOWN = 8;

/** A list with one label in it (doccano and others write single labels so) stands for that label. */
function unwrap(raw: unknown): unknown {
  return Array.isArray(raw) && raw.length === 1 ? raw[0] : raw;
}

/**
 * Reads labels by the task type's rules under one state of the project's configuration. Adding labels changes that
 * state; `addedLabels` and `config` then say what has to be written.
 */
export class LabelReader {
  readonly #project: LabelledProject;
  readonly #unknownLabel: ImportMapping["unknownLabel"];
  readonly #known = new Map<string, ResolvedLabel>();
  readonly addedLabels: string[] = [];
  config: unknown;

  constructor(project: LabelledProject, unknownLabel: ImportMapping["unknownLabel"]) {
    this.#project = project;
    this.#unknownLabel = unknownLabel;
    this.config = project.taskConfig;
  }

  /** The label; undefined when it is dropped; an issue when it refuses the row. */
  read(raw: unknown): ResolvedLabel | undefined | { issue: RowIssue } {
    // Files repeat few labels many times: strings are remembered, other values parsed each time.
    const key = typeof raw === "string" ? raw : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known) return known;
    const value = this.#parse(raw);
    if (value === undefined) {
      return this.#unknownLabel === "dropLabel" ? undefined : { issue: this.#unknownIssue(raw) };
    }
    const settled = settleItem({ ...this.#project, taskConfig: this.config }, "open", {
      values: [value],
      nSkips: 0,
      isSkippedByAll: false,
    });
    const resolved: ResolvedLabel = {
      value: JSON.stringify(value),
      settled,
      consensus: settled.consensus === null ? null : JSON.stringify(settled.consensus),
    };
    if (key !== undefined) this.#known.set(key, resolved);
    return resolved;
  }

  #parse(raw: unknown): unknown {
    const taskType = getTaskType(this.#project.taskType);
    const parse = (): unknown => taskType.parseLabel(this.config, raw) ?? taskType.parseLabel(this.config, unwrap(raw));
    const value = parse();
    if (value !== undefined || this.#unknownLabel !== "addLabel") return value;
    const label = unwrap(raw);
    if (typeof label === "string" && label.length > LIMITS.labelLength) return undefined;
    const grown = taskType.withClass?.(this.config, label);
    if (grown === undefined) return undefined;
    this.config = grown;
    this.addedLabels.push(String(label).trim());
    return parse();
  }

  #unknownIssue(raw: unknown): RowIssue {
    const classes = getTaskType(this.#project.taskType).classes(this.config);
    const shown = classes.slice(0, KNOWN_SHOWN).map((c) => `"${c.id}"`);
    const more = classes.length > KNOWN_SHOWN ? ` and ${classes.length - KNOWN_SHOWN} more` : "";
    const got =
      typeof raw === "string" ? `"${excerptOf(raw).slice(0, 80)}"` : excerptOf(JSON.stringify(raw)).slice(0, 80);
    const why =
      this.#unknownLabel === "addLabel"
        ? `cannot become one (${LIMITS.labels} labels of ${LIMITS.labelLength} characters at most)`
        : "is not a label of this project";
    return { code: "unknownLabel", field: "label", message: `${got} ${why}. Its labels: ${shown.join(", ")}${more}.` };
  }
}
