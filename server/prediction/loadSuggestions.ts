import type { SuggestionView } from "@/contracts/items";
import { SECOND_MS } from "@/contracts/limits";
import { getTaskType } from "@/task-types/registry";
import { systemClock } from "../clock";
import type { Db } from "../db";
import { isAppError } from "../errors";
import type { BlobReader, BlobStore } from "../storage";
import type { PredictionShardRow } from "./prediction.db";
import { selectPredictionShards, selectSuggestionModel, selectSuggestionVersion } from "./prediction.db";

const TOP_CLASSES = 5;
/** Models whose shards and classes are kept in mind. */
const MODELS_MAX = 64;
/** Files kept open: a claim then costs one read per item. */
const READERS_MAX = 128;
/** Shards of a model are asked for again at most this often when a row is in none: new items get theirs after a while. */
const REFRESH_EVERY_MS = SECOND_MS;

interface CachedModel {
  trainer: string;
  classes: string[];
  /** Label value of each class; null for a class that the project no longer has. */
  values: unknown[];
  shards: PredictionShardRow[];
  readAtMs: number;
}

interface SuggestionCache {
  models: Map<string, Promise<CachedModel | undefined>>;
  readers: Map<string, Promise<BlobReader>>;
}

const caches = new WeakMap<BlobStore, SuggestionCache>();

/**
 * What the active model says about each of these rows: the best classes with their probabilities. Rows without
 * predictions are absent; without a model the map is empty. One query by primary keys and one ranged read per row.
 */
export async function loadSuggestions(
  db: Db,
  storage: BlobStore,
  projectId: number,
  rows: readonly number[],
): Promise<ReadonlyMap<number, SuggestionView>> {
  const suggestions = new Map<number, SuggestionView>();
  const current = rows.length === 0 ? undefined : await selectSuggestionVersion(db, projectId);
  if (!current) return suggestions;
  const cache = cacheOf(storage);
  const name = `${projectId}/${current.modelVersion}/${current.projectVersion}`;
  let model = await cachedModel(cache, db, name, projectId, current.modelVersion);
  if (!model) return suggestions;
  const isUnknown = (row: number) => shardOf(model as CachedModel, row) === undefined;
  if (rows.some(isUnknown) && systemClock.monotonicMs() - model.readAtMs > REFRESH_EVERY_MS) {
    cache.models.delete(name);
    model = await cachedModel(cache, db, name, projectId, current.modelVersion);
    if (!model) return suggestions;
  }
  const { trainer } = model;
  await Promise.all(
    rows.map(async (row) => {
      const probabilities = await readRow(cache, storage, model, row);
      if (!probabilities) return;
      const best = bestClasses(probabilities);
      suggestions.set(row, {
        modelVersion: current.modelVersion,
        trainer,
        top: best.map((c) => [model.classes[c], probabilities[c]]),
        value: model.values[best[0]] ?? null,
        staleness: current.staleness,
      });
    }),
  );
  return suggestions;
}

function cacheOf(storage: BlobStore): SuggestionCache {
  let cache = caches.get(storage);
  if (!cache) {
    cache = { models: new Map(), readers: new Map() };
    caches.set(storage, cache);
  }
  return cache;
}

function cachedModel(
  cache: SuggestionCache,
  db: Db,
  name: string,
  projectId: number,
  version: number,
): Promise<CachedModel | undefined> {
  const known = cache.models.get(name);
  if (known) return known;
  const reading = readModel(db, projectId, version);
  cache.models.set(name, reading);
  reading.catch(() => cache.models.delete(name));
  dropOldest(cache.models, MODELS_MAX);
  return reading;
}

async function readModel(db: Db, projectId: number, version: number): Promise<CachedModel | undefined> {
  const model = await selectSuggestionModel(db, projectId, version);
  if (!model) return undefined;
  const taskType = getTaskType(model.taskType);
  const indexOf = new Map(taskType.classes(model.taskConfig).map(({ id }, index) => [id, index]));
  const values = model.classes.map((id) => {
    const index = indexOf.get(id);
    return index === undefined ? null : taskType.valueOfClass(model.taskConfig, index);
  });
  const shards = await selectPredictionShards(db, projectId, version);
  return { trainer: model.trainer, classes: model.classes, values, shards, readAtMs: systemClock.monotonicMs() };
}

function shardOf(model: CachedModel, row: number): PredictionShardRow | undefined {
  return model.shards.find((shard) => row >= shard.startRow && row < shard.startRow + shard.nRows);
}

async function readRow(
  cache: SuggestionCache,
  storage: BlobStore,
  model: CachedModel,
  row: number,
): Promise<Float32Array | undefined> {
  const shard = shardOf(model, row);
  if (!shard) return undefined;
  const reader = await openReader(cache, storage, shard.key).catch((error: unknown) => {
    // The version was rolled away and its probabilities deleted since the shards were listed: no suggestion, no harm.
    if (isAppError(error) && error.code === "E_NOT_FOUND") return undefined;
    throw error;
  });
  if (!reader) return undefined;
  const values = new Float32Array(shard.width);
  await reader.read((row - shard.startRow) * shard.width * 4, new Uint8Array(values.buffer));
  return values;
}

/** A file once opened is served even after its deletion, so a claim that races with a clean-up still gets its numbers. */
function openReader(cache: SuggestionCache, storage: BlobStore, key: string): Promise<BlobReader> {
  const known = cache.readers.get(key);
  if (known) {
    cache.readers.delete(key);
    cache.readers.set(key, known);
    return known;
  }
  const opening = storage.open(key);
  cache.readers.set(key, opening);
  opening.catch(() => cache.readers.delete(key));
  const dropped = dropOldest(cache.readers, READERS_MAX);
  // Reads that are under way end first: a file handle waits for them before it closes.
  void dropped?.then((reader) => reader.close()).catch(() => undefined);
  return opening;
}

function dropOldest<T>(map: Map<string, T>, max: number): T | undefined {
  if (map.size <= max) return undefined;
  const [key, value] = map.entries().next().value as [string, T];
  map.delete(key);
  return value;
}

/** Most probable first; ties: lower class first. */
function bestClasses(probabilities: Float32Array): number[] {
  const best: number[] = [];
  for (let c = 0; c < probabilities.length; c++) {
    let at = best.length;
    while (at > 0 && probabilities[best[at - 1]] < probabilities[c]) at--;
    if (at >= TOP_CLASSES) continue;
    best.splice(at, 0, c);
    best.length = Math.min(best.length, TOP_CLASSES);
  }
  return best;
}
