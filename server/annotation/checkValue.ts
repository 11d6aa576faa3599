import type { z } from "zod";
import { getTaskType } from "@/task-types/registry";
import { AppError } from "../errors";
import type { ProjectRow } from "../projects";

/** Compiled schemas by configuration object: project rows are kept per process, so a configuration is compiled once. */
const schemas = new WeakMap<object, z.ZodType>();

function schemaOf(project: ProjectRow): z.ZodType {
  const config = project.taskConfig as object;
  const known = schemas.get(config);
  if (known) return known;
  const schema = getTaskType(project.taskType).valueSchema(config);
  schemas.set(config, schema);
  return schema;
}

/** The label value as the project's task type accepts it. @throws E_BAD_INPUT that says where and why it does not fit. */
export function checkValue(project: ProjectRow, value: unknown): unknown {
  const parsed = schemaOf(project).safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = ["value", ...issue.path.map(String)].join(".");
  throw new AppError(
    "E_BAD_INPUT",
    `The label does not fit this project: ${field}: ${issue.message}. Reload the page if the project's labels have changed.`,
    { details: { field } },
  );
}
