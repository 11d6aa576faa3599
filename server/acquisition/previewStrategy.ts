import type { PreviewResult } from "@/contracts/acquisition";
import { PREVIEW_PICKS } from "@/contracts/acquisition";
import type { JobPayload } from "@/contracts/jobs";
import { SECOND_MS } from "@/contracts/limits";
import type { TaskProgress, TaskUsage } from "../compute";
import type { ProjectRow } from "../projects";
import { loadProject } from "../projects";
import { selectExcerpts } from "./acquisition.db";
import type { RoundPicks } from "./listRoundPicks";
import { listRoundPicks } from "./listRoundPicks";
import type { RefillContext } from "./refillQueue";
import { planOf, runSelection, storeHead } from "./runSelection";
import { snapshotPool, storeSnapshot } from "./snapshotPool";

const MEBIBYTE = 2 ** 20;
/** Steps a person sees: the pool, the draft, the present strategy, the items. */
const STEPS = 4;

/**
 * Runs a draft strategy and the present one on the pool as it is, with the seed of the next round, and returns the first
 * picks of the draft. Nothing is stored but this result: no queue entry, no round, no state.
 *
 * @throws AppError E_CANCELLED; what the strategy itself refuses.
 */
export async function previewStrategy(
  context: RefillContext,
  { projectId, strategy }: JobPayload<"acquisition.preview">,
): Promise<PreviewResult> {
  const { db, progress } = context;
  const present = await loadProject(db, projectId);
  const draft = { ...present, strategy };
  await progress({ done: 0, total: STEPS, message: "looking at the pool" });
  const prefix = `projects/${projectId}/previews`;
  try {
    await progress({ done: 1, total: STEPS, message: "choosing by the draft" });
    const ofDraft = await choose(context, draft, prefix);
    await progress({ done: 2, total: STEPS, message: "choosing by the present strategy" });
    const ofPresent = await choose(context, present, prefix);
    await progress({ done: STEPS - 1, total: STEPS, message: "reading the items" });
    const alsoPresent = new Set(trainPicks(ofPresent.picked).map(({ row }) => row));
    const shown = trainPicks(ofDraft.picked).slice(0, PREVIEW_PICKS);
    const texts = await selectExcerpts(
      db,
      projectId,
      shown.map(({ row }) => row),
    );
    const picks = shown.map((pick) => ({
      row: pick.row,
      externalId: texts.get(pick.row)?.externalId ?? String(pick.row),
      excerpt: texts.get(pick.row)?.excerpt ?? "",
      ...{ score: pick.score, percentile: pick.percentile, inclusion: pick.inclusion },
      ...{ reason: pick.reason, strategy: pick.strategy ?? strategy.main.id, isFallback: pick.isFallback },
      isAlsoPresent: alsoPresent.has(pick.row),
    }));
    return {
      picks,
      presentStrategy: present.strategy.main.id,
      nAlsoPresent: picks.filter(({ isAlsoPresent }) => isAlsoPresent).length,
      modelVersion: ofDraft.modelVersion,
      notices: ofDraft.notices,
      seconds: ofDraft.usage.wallMs / SECOND_MS,
      peakRssMiB: ofDraft.usage.peakRssBytes / MEBIBYTE,
    };
  } finally {
    await context.storage.deletePrefix(prefix);
  }
}

function trainPicks({ picks }: RoundPicks): RoundPicks["picks"] {
  return picks.filter(({ purpose }) => purpose !== "audit");
}

interface Chosen {
  picked: RoundPicks;
  notices: { code: string }[];
  modelVersion: number | null;
  usage: TaskUsage;
}

async function choose(context: RefillContext, project: ProjectRow, prefix: string): Promise<Chosen> {
  const snapshot = await snapshotPool(context, project);
  const number = snapshot.counts.lastRound + 1;
  const stored = await storeSnapshot(context.storage, prefix, snapshot);
  const plan = planOf(project, snapshot);
  const onProgress = ({ message }: TaskProgress) => {
    // A child's progress is not awaited: what it says next replaces it, and the steps above notice a cancelled run.
    void context.progress({ done: 1, total: STEPS, message }).catch(() => undefined);
  };
  const head = await storeHead(context, project.id, snapshot, plan, onProgress);
  const { selected, usage } = await runSelection(
    context,
    { project, number, snapshot, plan, stored, head },
    onProgress,
  );
  const notices: Chosen["notices"] = selected.notices.filter(({ level }) => level !== "info").map((n) => ({ ...n }));
  if (plan.isColdStartReplaced) notices.push({ code: "COLD_START_AT_RANDOM" });
  return {
    picked: listRoundPicks({ project, number, snapshot, plan, selected }),
    ...{ notices, usage },
    modelVersion: snapshot.model?.version ?? null,
  };
}
