import type { AttachResult } from "@/contracts/ingestion";
import { getTaskType } from "@/task-types/registry";
import { AppError } from "../errors";
import { requestJob } from "../jobs";
import type { VectorBytes } from "./attachVectors";
import { attachVectors, badNumber, readFloats } from "./attachVectors";
import type { IngestContext } from "./ingestContext";

/** How far from 1 the probabilities of an item may sum up; float32 sums of 500 classes stay well inside. */
const SUM_TOLERANCE = 1e-3;

export interface PredictionsInput {
  /** Name of the outside model. */
  name: string;
  externalIds: readonly string[];
  /** Label ids in the order of the columns. */
  classes: readonly string[];
  data: VectorBytes;
}

/** For each given column: the project's class it stands for. @throws E_BAD_INPUT naming unknown or repeated classes. */
function columnsOf(given: readonly string[], known: readonly string[]): number[] {
  const seen = new Set<string>();
  return given.map((id, i) => {
    const field = `classes.${i}`;
    if (seen.has(id))
      throw new AppError("E_BAD_INPUT", `Class "${id.slice(0, 80)}" is given twice.`, { details: { field } });
    seen.add(id);
    const column = known.indexOf(id);
    if (column >= 0) return column;
    const shown = known.slice(0, 8).map((label) => `"${label}"`);
    throw new AppError(
      "E_BAD_INPUT",
      `"${id.slice(0, 80)}" is not a label of this project. Its labels: ${shown.join(", ")}${known.length > 8 ? ", …" : ""}.`,
      { details: { field } },
    );
  });
}

/** Checks that each row is a distribution, and brings its columns into the project's order; absent classes get 0. */
function arrange(
  values: Float32Array,
  input: PredictionsInput,
  columns: readonly number[],
  width: number,
): Float32Array {
  const { externalIds } = input;
  const given = columns.length;
  const arranged = new Float32Array(externalIds.length * width);
  for (let item = 0; item < externalIds.length; item++) {
    let sum = 0;
    for (let c = 0; c < given; c++) {
      const p = values[item * given + c];
      if (p < 0 || p > 1 + SUM_TOLERANCE)
        throw badNumber(externalIds, item, c, `${p} is not a probability between 0 and 1`);
      sum += p;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw badNumber(externalIds, item, given - 1, `the probabilities sum up to ${sum.toFixed(4)}, expected 1`);
    }
    for (let c = 0; c < given; c++) arranged[item * width + columns[c]] = values[item * given + c] / sum;
  }
  return arranged;
}

/**
 * Attaches an outside model's class probabilities to items and asks for a model version made of them. Columns are stored
 * in the order of the project's labels.
 * @throws E_BAD_INPUT, E_BAD_ROWS naming item and position or id, E_CONFLICT when the set was begun with other labels.
 */
export async function attachPredictions(ctx: IngestContext, input: PredictionsInput): Promise<AttachResult> {
  const { clock, project } = ctx;
  const taskType = getTaskType(project.taskType);
  if (taskType.target !== "classes") {
    throw new AppError(
      "E_PRECONDITION",
      `Predictions can be attached to projects with one label out of a list; this one asks for: ${taskType.title}.`,
    );
  }
  const known = taskType.classes(project.taskConfig).map((c) => c.id);
  const columns = columnsOf(input.classes, known);
  const values = readFloats(input.data, input.externalIds, columns.length);
  return attachVectors(ctx, {
    kind: "prediction",
    name: input.name,
    externalIds: input.externalIds,
    values: arrange(values, input, columns, known.length),
    width: known.length,
    request: async (tx) => {
      await requestJob(tx, clock, {
        kind: "prediction.assemble",
        payload: { projectId: project.id, name: input.name },
      });
    },
  });
}
