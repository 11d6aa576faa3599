import type { ImportMapping } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { getTaskType } from "@/task-types/registry";
import { excerptOf } from "../formats";
import type { RowIssue } from "./rowIssue";

/** What labels that come along are read against. */
export interface LabelledProject {
  taskType: string;
  taskConfig: unknown;
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
  readonly #known = new Map<string, { value: unknown }>();
  readonly addedLabels: string[] = [];
  config: unknown;

  constructor(project: LabelledProject, unknownLabel: ImportMapping["unknownLabel"]) {
    this.#project = project;
    this.#unknownLabel = unknownLabel;
    this.config = project.taskConfig;
  }

  /** The label's value; undefined when it is dropped; an issue when it refuses the row. */
  read(raw: unknown): { value: unknown } | { issue: RowIssue } | undefined {
    // Files repeat few labels many times: strings are remembered, other values parsed each time.
    const known = typeof raw === "string" ? this.#known.get(raw) : undefined;
    if (known) return known;
    const value = this.#parse(raw);
    if (value === undefined) {
      return this.#unknownLabel === "dropLabel" ? undefined : { issue: this.#unknownIssue(raw) };
    }
    if (typeof raw === "string") this.#known.set(raw, { value });
    return { value };
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
