import { seenClasses } from "./labelCounts";
import { StrategyError } from "./strategyError";
import type { Bitmap, JsonValue, Needs, Pool, PoolArray, UnmetNeed } from "./types";

/** What of the needs is missing from the pool; empty when the strategy can run. */
export function unmetNeeds(needs: Needs, pool: Pool): UnmetNeed[] {
  const unmet: UnmetNeed[] = [];
  for (const need of needs.arrays) {
    if (!hasArray(pool, need)) unmet.push({ need, required: 1, have: 0 });
  }
  const labels = pool.labelled.rows.length;
  if ((needs.minLabels ?? 0) > labels) unmet.push({ need: "minLabels", required: needs.minLabels!, have: labels });
  if (needs.minClasses !== undefined) {
    const classes = seenClasses(pool) ?? 0;
    if (needs.minClasses > classes) unmet.push({ need: "minClasses", required: needs.minClasses, have: classes });
  }
  return unmet;
}

function hasArray(pool: Pool, need: PoolArray): boolean {
  switch (need) {
    case "probabilities":
      return pool.probabilities !== undefined && pool.probabilities.n > 0;
    case "embeddings":
      return pool.embeddings !== undefined && pool.embeddings.n > 0;
    case "head":
      return pool.head !== undefined;
    case "posterior":
      return pool.posterior !== undefined && pool.posterior.samples.length > 0;
    case "costs":
      return pool.costs !== undefined;
    case "groups":
      return pool.groups !== undefined;
    // Labels may be none and state may be null: both are always there.
    case "labels":
    case "state":
      return true;
  }
}

/**
 * The pool as a strategy may see it: another set of eligible rows, and only the arrays it declared.
 *
 * @throws E_MISSING_ARRAY or E_NOT_ENOUGH_LABELS when a need is not met. Reading an undeclared array later throws
 *         E_UNDECLARED_ARRAY, so a strategy cannot depend on what its declaration does not say.
 */
export function guardPool(pool: Pool, owner: string, needs: Needs, eligible: Bitmap, state: JsonValue = null): Pool {
  const unmet = unmetNeeds(needs, pool);
  if (unmet.length > 0) {
    const { need, required, have } = unmet[0];
    const isCount = need === "minLabels" || need === "minClasses" || need === "minPerClass";
    throw new StrategyError(
      isCount ? "E_NOT_ENOUGH_LABELS" : "E_MISSING_ARRAY",
      isCount
        ? `"${owner}" needs ${required} ${need === "minLabels" ? "labels" : "labelled classes"}; there are ${have}. Label more or start with a cold-start strategy.`
        : `"${owner}" needs ${need}, which this pool does not have. Provide them or choose another strategy.`,
      { need, required, have },
    );
  }
  const declared = new Set<PoolArray>(needs.arrays);
  const allow = <T>(array: PoolArray, value: T): T => {
    if (declared.has(array)) return value;
    throw new StrategyError("E_UNDECLARED_ARRAY", `"${owner}" read ${array} without declaring the need.`, { array });
  };
  return {
    n: pool.n,
    nClasses: pool.nClasses,
    eligible,
    keys: pool.keys,
    taskKind: pool.taskKind,
    get labelled() {
      return allow("labels", pool.labelled);
    },
    get pending() {
      return allow("labels", pool.pending);
    },
    get skipped() {
      return allow("labels", pool.skipped);
    },
    get probabilities() {
      return allow("probabilities", pool.probabilities);
    },
    get embeddings() {
      return allow("embeddings", pool.embeddings);
    },
    get reference() {
      return allow("embeddings", pool.reference);
    },
    get head() {
      return allow("head", pool.head);
    },
    get posterior() {
      return allow("posterior", pool.posterior);
    },
    get costs() {
      return allow("costs", pool.costs);
    },
    get groups() {
      return allow("groups", pool.groups);
    },
    get state() {
      return allow("state", state);
    },
  };
}

/**
 * Checks the shapes of a pool once, before anything reads it.
 *
 * @throws E_ARRAY_SHAPE, E_LABELS naming the array, what was expected and what was got.
 */
export function checkPool(pool: Pool): void {
  shape(pool.eligible.size === pool.n, `eligible has ${pool.eligible.size} bits; the pool has ${pool.n} rows.`);
  shape(
    pool.eligible.words.length === (pool.n + 31) >>> 5 && hasCleanTail(pool.eligible),
    "eligible has bits beyond its size.",
  );
  if (pool.keys !== undefined) {
    shape(
      pool.keys.lo.length === pool.n && pool.keys.hi.length === pool.n,
      `keys has ${pool.keys.lo.length} and ${pool.keys.hi.length} words; the pool has ${pool.n} rows.`,
    );
  }
  for (const name of ["probabilities", "embeddings"] as const) {
    const matrix = pool[name];
    if (matrix === undefined) continue;
    shape(matrix.n <= pool.n, `${name} has ${matrix.n} rows; the pool has ${pool.n}.`);
    let at = 0;
    for (const shard of matrix.shards) {
      shape(
        shard.start === at && shard.end > at,
        `${name}: shards must be contiguous from row 0; one starts at ${shard.start}.`,
      );
      at = shard.end;
    }
    shape(at === matrix.n, `${name}: shards end at row ${at}; the matrix has ${matrix.n} rows.`);
  }
  if (pool.probabilities !== undefined && pool.nClasses > 0) {
    shape(
      pool.probabilities.dim === pool.nClasses,
      `probabilities has ${pool.probabilities.dim} columns; the project has ${pool.nClasses} classes.`,
    );
  }
  if (pool.reference !== undefined) {
    shape(
      pool.reference.n > 0 && pool.reference.dim === pool.embeddings?.dim,
      `reference is ${pool.reference.n} × ${pool.reference.dim}; at least one row of the embeddings' width (${pool.embeddings?.dim ?? "none"}) was expected.`,
    );
  }
  checkLabels(pool);
  checkRowArrays(pool);
}

function checkRowArrays(pool: Pool): void {
  for (const name of ["costs", "groups"] as const) {
    const values = pool[name];
    shape(
      values === undefined || values.length === pool.n,
      `${name} has ${values?.length} values; the pool has ${pool.n} rows.`,
    );
  }
  const bad = pool.costs?.findIndex((cost) => !(cost > 0 && Number.isFinite(cost))) ?? -1;
  shape(bad < 0, `costs must be finite and > 0; row ${bad} costs ${pool.costs?.[bad]}.`);
  for (const [i, sample] of (pool.posterior?.samples ?? []).entries()) {
    const dim = pool.taskKind === "regression" ? 1 : pool.nClasses;
    shape(
      sample.n <= pool.n && sample.dim === dim,
      `Posterior sample ${i} is ${sample.n} × ${sample.dim}; expected at most ${pool.n} × ${dim}.`,
    );
  }
}

function checkLabels(pool: Pool): void {
  const { rows, classes } = pool.labelled;
  labels(rows.length === classes.length, `${rows.length} labelled rows have ${classes.length} classes.`);
  const isSingle = (pool.taskKind ?? "single-label") === "single-label";
  if (pool.taskKind === "multi-label") {
    const wanted = rows.length * pool.nClasses;
    labels(
      pool.labelled.multi?.length === wanted,
      `A multi-label pool needs labelled.multi with ${wanted} entries, got ${pool.labelled.multi?.length ?? "none"}.`,
    );
  }
  if (pool.taskKind === "regression") {
    const { values } = pool.labelled;
    labels(
      values?.length === rows.length && values.every((value) => Number.isFinite(value)),
      `A regression pool needs labelled.values with ${rows.length} finite numbers, got ${values?.length ?? "none"}.`,
    );
  }
  const seen = new Set<number>();
  for (let i = 0; i < rows.length; i++) {
    labels(rows[i] < pool.n, `Labelled row ${rows[i]} is not in 0 … ${pool.n - 1}.`);
    labels(!seen.has(rows[i]), `Row ${rows[i]} is labelled twice.`);
    labels(
      isSingle ? classes[i] >= 0 && (pool.nClasses === 0 || classes[i] < pool.nClasses) : classes[i] === -1,
      `Row ${rows[i]} has class ${classes[i]}; expected ${isSingle ? `0 … ${pool.nClasses - 1}` : "−1 in this task kind"}.`,
    );
    seen.add(rows[i]);
  }
  for (const row of pool.pending ?? []) labels(row < pool.n, `Pending row ${row} is not in 0 … ${pool.n - 1}.`);
  for (const row of pool.skipped ?? []) labels(row < pool.n, `Skipped row ${row} is not in 0 … ${pool.n - 1}.`);
}

function hasCleanTail(bitmap: Bitmap): boolean {
  const used = bitmap.size & 31;
  return used === 0 || bitmap.words[bitmap.words.length - 1] >>> used === 0;
}

function shape(holds: boolean, message: string): asserts holds {
  if (!holds) throw new StrategyError("E_ARRAY_SHAPE", message);
}

function labels(holds: boolean, message: string): asserts holds {
  if (!holds) throw new StrategyError("E_LABELS", message);
}
