import { auditFrame } from "./auditFrame";
import { bitmapAnd, bitmapWithout, bitmapWithoutRows, countBits, rowsOfBitmap } from "./bitmap";
import { canonicalJson } from "./canonicalJson";
import { checkPool, guardPool } from "./guardPool";
import { keyHi, keyLo } from "./itemKeys";
import { KeyedRandom } from "./keyedRandom";
import { findStrategy, normalizeSpec, specHash, TOP_K_DESIGN } from "./normalizeSpec";
import { runPipeline } from "./runPipeline";
import { sampleRows } from "./sampleRows";
import { specUnmetNeeds, stageNeeds, unmetRule } from "./specNeeds";
import { statesOfSpec } from "./specParts";
import { planStrata, stratumRows } from "./strata";
import { StrategyError } from "./strategyError";
import type {
  Bitmap,
  JsonValue,
  Notice,
  PickPurpose,
  Pool,
  Reason,
  Registry,
  RoundSelection,
  RunContext,
  ScoreSummary,
  SelectContext,
  Selection,
  Strategy,
  StrategySpec,
} from "./types";

interface Pick {
  readonly row: number;
  readonly score: number;
  readonly utility: number;
  readonly percentile: number | null;
  readonly inclusion: number | null;
  readonly reasons: readonly Reason[];
  readonly part: string;
  readonly strategy: string;
  readonly purpose: PickPurpose;
  readonly opinions?: number;
}

/** What one run gathers on its way down the spec. */
interface Run {
  readonly registry: Registry;
  readonly pool: Pool;
  readonly context: RunContext;
  readonly notices: Notice[];
  readonly summaries: Record<string, ScoreSummary>;
  readonly states: Record<string, JsonValue>;
}

/**
 * Runs a spec on a pool.
 *
 * Pure: the same pool, spec, seeds and kind of kernels give the same picks; input arrays are not written.
 * Fewer eligible rows than asked returns all of them with status `partial`; none returns an empty selection.
 *
 * @param spec      any value; checked and completed by `normalizeSpec`.
 * @param batchSize integer ≥ 1.
 * @throws StrategyError: E_SPEC, E_OPTIONS, E_UNKNOWN_STRATEGY, E_BATCH_SIZE, E_TASK_KIND, E_ARRAY_SHAPE, E_LABELS,
 *         E_MISSING_ARRAY, E_NOT_ENOUGH_LABELS, E_PROBABILITY_ROWS, E_EMBEDDING_ROWS, E_ABORTED.
 */
export async function runSpecWith(
  registry: Registry,
  spec: unknown,
  pool: Pool,
  batchSize: number,
  context: RunContext,
): Promise<RoundSelection> {
  const normalized = normalizeSpec(registry, spec);
  if (!(Number.isInteger(batchSize) && batchSize >= 1)) {
    throw new StrategyError("E_BATCH_SIZE", `The batch size must be an integer ≥ 1, got ${batchSize}.`);
  }
  checkPool(pool);
  const run: Run = { registry, pool, context, notices: [], summaries: {}, states: {} };
  const eligible = countBits(pool.eligible);
  const wanted = Math.min(batchSize, eligible);
  const picks = wanted === 0 ? [] : await runNode(run, normalized, "", pool.eligible, wanted);
  if (picks.length < batchSize) {
    run.notices.push({ code: "FEWER_THAN_ASKED", level: "warning", asked: batchSize, got: picks.length });
  }
  const isFallback = run.notices.some((notice) => notice.level === "fallback");
  const summaries = Object.values(run.summaries);
  return {
    rows: Uint32Array.from(picks, (pick) => pick.row),
    scores: Float64Array.from(picks, (pick) => pick.score),
    utility: Float64Array.from(picks, (pick) => pick.utility),
    percentile: picks.map((pick) => pick.percentile),
    inclusion: picks.map((pick) => pick.inclusion),
    reasons: picks.map((pick) => pick.reasons),
    part: picks.map((pick) => pick.part),
    strategy: picks.map((pick) => pick.strategy),
    purpose: picks.map((pick) => pick.purpose),
    // 0 stands for "as the project says" where only some parts of a spec name a number.
    ...(picks.some((pick) => pick.opinions !== undefined) ? { opinions: picks.map((pick) => pick.opinions ?? 0) } : {}),
    notices: withoutRepeats(run.notices),
    summary: summaries.length === 1 ? summaries[0] : undefined,
    summaries: run.summaries,
    // A part that did not run this time, such as the main strategy behind a cold start, keeps what it had learned.
    states: { ...statesOfSpec(normalized, context.states ?? {}), ...run.states },
    status: isFallback ? "fallback" : picks.length < batchSize ? "partial" : "ok",
    eligible,
    spec: normalized,
    specHash: specHash(registry, normalized),
    seed: context.seed,
    kernels: context.kernels.kind,
  };
}

/** @param scope path of the enclosing parts, such as "mix.0"; "" at the top. @param n at most the eligible rows. */
async function runNode(run: Run, spec: StrategySpec, scope: string, eligible: Bitmap, n: number): Promise<Pick[]> {
  checkAborted(run.context);
  switch (spec.op) {
    case "single":
      return runStages(run, spec, join(scope, "single"), eligible, n);
    case "pipeline":
      return runStages(run, spec, join(scope, "pipeline"), eligible, n);
    case "mix":
      return runMix(run, spec, join(scope, "mix"), eligible, n);
    case "strata":
      return runStrata(run, spec, join(scope, "strata"), eligible, n);
    case "schedule": {
      const rule = unmetRule(spec.until, run.pool);
      const main = specUnmetNeeds(run.registry, spec.after, run.pool);
      if (rule.length === 0 && main.length === 0) {
        return runNode(run, spec.after, join(scope, "schedule.after"), eligible, n);
      }
      if (rule.length > 0) run.notices.push({ code: "COLD_START", level: "info", unmet: rule });
      else run.notices.push({ code: "MAIN_NOT_READY", level: "fallback", unmet: main });
      return runNode(run, spec.before, join(scope, "schedule.before"), eligible, n);
    }
  }
}

async function runStages(
  run: Run,
  spec: StrategySpec & { op: "single" | "pipeline" },
  part: string,
  eligible: Bitmap,
  n: number,
): Promise<Pick[]> {
  const lead = findStrategy(run.registry, spec.op === "single" ? spec.use : spec.score.use, part);
  checkTaskKind(run, spec, lead);
  const state = stateOf(run.context.states?.[part], lead.id);
  const pool = guardPool(run.pool, lead.id, stageNeeds(run.registry, spec, run.pool.taskKind), eligible, state);
  const context = selectContext(run.context, part);
  const selection =
    spec.op === "single"
      ? await lead.select(context, pool, n, spec.options ?? {})
      : await runPipeline(run.registry, spec, context, pool, n);
  run.notices.push(...selection.notices);
  if (selection.summary !== undefined) run.summaries[part] = selection.summary;
  if (selection.state !== undefined) run.states[part] = { strategy: lead.id, state: selection.state };
  return picksOf(selection, part, lead.id);
}

/** What the strategy itself returned; null where another one stood at this place of the spec. */
function stateOf(stored: JsonValue | undefined, strategy: string): JsonValue {
  if (typeof stored !== "object" || stored === null || Array.isArray(stored)) return null;
  const entry = stored as { readonly strategy?: JsonValue; readonly state?: JsonValue };
  return entry.strategy === strategy ? (entry.state ?? null) : null;
}

/** Every stage must work on the project's kind of labels. @throws E_TASK_KIND naming the stage. */
function checkTaskKind(run: Run, spec: StrategySpec & { op: "single" | "pipeline" }, lead: Strategy): void {
  const taskKind = run.context.taskKind ?? run.pool.taskKind;
  if (taskKind === undefined) return;
  const stages = [lead];
  if (spec.op === "pipeline" && spec.design.use !== TOP_K_DESIGN) {
    stages.push(findStrategy(run.registry, spec.design.use, "spec.design.use"));
  }
  for (const stage of stages) {
    if (stage.taskKinds.includes(taskKind)) continue;
    throw new StrategyError(
      "E_TASK_KIND",
      `"${stage.id}" works on ${stage.taskKinds.join(", ")} projects; this one is ${taskKind}. Choose another strategy.`,
    );
  }
}

/**
 * Audits first, then the parts in order, each from what the earlier ones left; then all are interleaved so that a
 * prefix of the ranking has nearly the shares of the whole.
 */
async function runMix(
  run: Run,
  spec: StrategySpec & { op: "mix" },
  scope: string,
  eligible: Bitmap,
  n: number,
): Promise<Pick[]> {
  const random = new KeyedRandom(run.context.seed, `${scope}/rounding`);
  // Parts and audits are rounded by draws of their own, so that each share holds on average.
  const rounding = random.uniform(0);
  if (spec.audit === undefined) return interleave(await runParts(run, spec, scope, eligible, n, rounding));
  const frame = bitmapAnd(frameOf(run, spec.audit.frameShare), eligible);
  const outside = bitmapWithout(eligible, frame);
  const wanted = Math.floor(spec.audit.share * n + random.uniform(1));
  const audits = drawAudits(run, scope, frame, wanted);
  const groups = await runParts(run, spec, scope, outside, Math.min(n - audits.length, countBits(outside)), rounding);
  const missing = n - audits.length - groups.reduce((sum, picks) => sum + picks.length, 0);
  if (missing > 0) {
    const rest = bitmapWithoutRows(
      frame,
      audits.map((pick) => pick.row),
    );
    const fromFrame = await runParts(run, spec, scope, rest, Math.min(missing, countBits(rest)), rounding);
    const count = fromFrame.reduce((sum, picks) => sum + picks.length, 0);
    if (count > 0) run.notices.push({ code: "AUDIT_FRAME_SERVED_AS_TRAIN", level: "fallback", count });
    fromFrame.forEach((picks, i) => {
      groups[i].push(...picks);
    });
  }
  return interleave([...groups, audits]);
}

/**
 * Gives every stratum its places and lets the inner spec fill them from the stratum's rows. What a stratum cannot deliver
 * goes to the ones after it, and what all of them cannot to rows of no stratum.
 */
async function runStrata(
  run: Run,
  spec: StrategySpec & { op: "strata" },
  scope: string,
  eligible: Bitmap,
  n: number,
): Promise<Pick[]> {
  const context = selectContext(run.context, scope);
  const plan = await planStrata(context, run.pool, spec, eligible, n);
  const groups: Pick[][] = [];
  let left = eligible;
  let carried = 0;
  const fill = async (from: Bitmap, wanted: number, name: string, reason?: Reason): Promise<number> => {
    const available = Math.min(wanted, countBits(from));
    const picks = available === 0 ? [] : await runNode(run, spec.of, join(scope, name, "."), from, available);
    left = bitmapWithoutRows(
      left,
      picks.map((pick) => pick.row),
    );
    groups.push(reason === undefined ? picks : picks.map((pick) => ({ ...pick, reasons: [...pick.reasons, reason] })));
    return wanted - picks.length;
  };
  for (const { stratum, quota, target, have } of plan.strata) {
    if (quota + carried === 0) continue;
    const reason = { code: "quota", by: spec.by, stratum, target, have } as const;
    carried = await fill(
      stratumRows(run.pool.n, plan.stratumOf, stratum, left),
      quota + carried,
      String(stratum),
      reason,
    );
    if (carried > 0) run.notices.push({ code: "STRATUM_EXHAUSTED", level: "warning", stratum, missing: carried });
  }
  const missing = n - groups.reduce((sum, picks) => sum + picks.length, 0);
  if (missing > 0) await fill(left, missing, "rest");
  return interleave(groups);
}

function frameOf(run: Run, frameShare: number): Bitmap {
  const { frameSeed } = run.context;
  if (frameSeed === undefined) {
    throw new StrategyError("E_SPEC", "A spec with an audit share needs frameSeed, the project's constant frame seed.");
  }
  return auditFrame(run.pool, frameSeed, frameShare);
}

function drawAudits(run: Run, scope: string, frame: Bitmap, wanted: number): Pick[] {
  const { pool, notices, context } = run;
  const rows = rowsOfBitmap(frame);
  const n = Math.min(wanted, rows.length);
  if (n < wanted) {
    notices.push({
      code: "AUDIT_FRAME_EXHAUSTED",
      level: "fallback",
      missing: wanted - n,
      frameRemaining: rows.length,
    });
  }
  const part = join(scope, "audit", ".");
  const random = new KeyedRandom(context.seed, `${part}/draw`);
  return Array.from(sampleRows(rows, n, pool.keys, random), (row): Pick => {
    const draw = random.uniform(keyLo(pool.keys, row), keyHi(pool.keys, row));
    return {
      row,
      score: draw,
      utility: 1 - draw,
      percentile: null,
      inclusion: n / rows.length,
      reasons: [{ code: "audit", frameRemaining: rows.length }],
      part,
      strategy: "random",
      purpose: "audit",
    };
  });
}

/** The picks of every part, in the order of the parts. What a part cannot deliver goes to the parts after it. */
async function runParts(
  run: Run,
  spec: StrategySpec & { op: "mix" },
  scope: string,
  eligible: Bitmap,
  n: number,
  rounding: number,
): Promise<Pick[][]> {
  const groups: Pick[][] = [];
  const total = spec.parts.reduce((sum, part) => sum + part.share, 0);
  let left = eligible;
  let cumulative = 0;
  let carried = 0;
  let placed = 0;
  for (const [i, part] of spec.parts.entries()) {
    cumulative += part.share;
    const isLast = i === spec.parts.length - 1;
    const until = isLast ? n : Math.min(n, Math.floor((cumulative / total) * n + rounding));
    const wanted = Math.max(0, until - placed) + carried;
    placed = Math.max(placed, until);
    const available = Math.min(wanted, countBits(left));
    const picks = available === 0 ? [] : await runNode(run, part.of, join(scope, String(i), "."), left, available);
    left = bitmapWithoutRows(
      left,
      picks.map((pick) => pick.row),
    );
    carried = wanted - picks.length;
    if (carried > 0 && countBits(left) > 0) {
      run.notices.push({ code: "PART_EXHAUSTED", level: "fallback", part: i, missing: carried });
    }
    groups.push(picks);
  }
  return groups;
}

/** Spreads every group evenly over the ranking, keeping the order inside groups; ties by group. */
function interleave(groups: readonly (readonly Pick[])[]): Pick[] {
  const placed = groups.flatMap((picks, group) =>
    picks.map((pick, i) => ({ pick, group, at: (i + 0.5) / picks.length })),
  );
  placed.sort((a, b) => a.at - b.at || a.group - b.group);
  return placed.map((entry) => entry.pick);
}

/** A schedule that serves two parts of a mix says why once. */
function withoutRepeats(notices: readonly Notice[]): Notice[] {
  const seen = new Set<string>();
  return notices.filter((notice) => {
    const text = canonicalJson(notice as unknown as JsonValue);
    return !seen.has(text) && seen.add(text);
  });
}

function picksOf(selection: Selection, part: string, strategy: string): Pick[] {
  return Array.from(selection.rows, (row, i) => ({
    row,
    score: selection.scores[i],
    utility: selection.utility[i],
    percentile: selection.percentile[i],
    inclusion: selection.inclusion[i],
    reasons: selection.reasons[i],
    part,
    strategy,
    purpose: "train" as const,
    ...(selection.opinions === undefined ? {} : { opinions: selection.opinions[i] }),
  }));
}

function selectContext(context: RunContext, scope: string): SelectContext {
  return {
    kernels: context.kernels,
    seed: context.seed,
    scope,
    checkAbort: () => checkAborted(context),
    progress: (stage, done, total) => context.progress?.(stage, done, total),
    trace: (event) => context.trace?.(event),
  };
}

function checkAborted(context: RunContext): void {
  if (context.isAborted?.() === true)
    throw new StrategyError("E_ABORTED", "The selection was cancelled by its caller.");
}

function join(scope: string, name: string, separator = "/"): string {
  return scope === "" ? name : `${scope}${separator}${name}`;
}
