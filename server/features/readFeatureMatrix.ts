import type { MatrixRef } from "../compute";
import type { Db } from "../db";
import { AppError } from "../errors";
import { selectFeatureShards, selectFeatureVersion } from "./features.db";

/** Where the vectors of a version stand. Rows at and beyond the last shard have none yet. @throws AppError E_NOT_FOUND. */
export async function readFeatureMatrix(db: Db, projectId: number, version: number): Promise<MatrixRef> {
  const found = await selectFeatureVersion(db, projectId, version);
  if (!found) throw new AppError("E_NOT_FOUND", `Project ${projectId} has no feature version ${version}.`);
  return { dim: found.dim, shards: await selectFeatureShards(db, projectId, version) };
}
