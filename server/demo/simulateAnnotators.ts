import { randomUUID } from "node:crypto";
import type { ClaimResult, SubmitInput, SubmitResult } from "@/contracts/queue";
import type { Clock } from "@/server/clock";
import { KeyedRandom } from "@/strategies/core/keyedRandom";

/** What a simulated annotator can do: the same calls a browser makes. */
export interface AnnotatorApi {
  claim(tab: string, n: number): Promise<ClaimResult>;
  submit(input: Omit<SubmitInput, "projectId">): Promise<SubmitResult>;
}

export interface SimulationOptions {
  apis: AnnotatorApi[];
  /** The hidden label of an item as a value of the task, and a value that is wrong for it, chosen by u in [0, 1). */
  truth(row: number): Promise<unknown>;
  wrong(row: number, u: number): Promise<unknown>;
  speed: "human" | "full";
  errorRate: number;
  maxLabels: number;
  seed: string;
  clock: Clock;
  signal: AbortSignal;
  onLabel(labels: number): Promise<void>;
  /**
   * At full speed labels outrun the model, and a queue ranked by an old model proves nothing: before each batch the
   * annotators wait until this says that the model has kept up.
   */
  modelKeepsUp(): Promise<boolean>;
}

export interface SimulationReport {
  labels: number;
  errors: number;
  stopped: "maxLabels" | "nothingLeft" | "cancelled";
}

const CLAIM_AT_ONCE = 5;
const MEDIAN_HUMAN_MS = 3_000;
/** Spread of human answer times: log-normal with this sigma. */
const HUMAN_SIGMA = 0.5;
const IDLE_MS = 400;
/** Empty answers in a row, with no refill running, after which an annotator goes home. */
const EMPTY_PATIENCE = 25;
/** A step of the keyed random stream per item and purpose. */
const STREAM_ERROR = 0;
const STREAM_CHOICE = 1;
const STREAM_TIME = 2;

/**
 * Lets simulated annotators work side by side until enough labels are given or nothing is left. Every answer goes through
 * the annotator's API. Which items get a wrong answer depends on seed and row only, not on who is served what when.
 */
export async function simulateAnnotators(options: SimulationOptions): Promise<SimulationReport> {
  const state = { labels: 0, reserved: 0, errors: 0, nothingLeft: 0 };
  await Promise.all(options.apis.map((api, index) => work(options, api, index, state)));
  const stopped = options.signal.aborted
    ? "cancelled"
    : state.labels >= options.maxLabels
      ? "maxLabels"
      : "nothingLeft";
  return { labels: state.labels, errors: state.errors, stopped };
}

interface Shared {
  labels: number;
  reserved: number;
  errors: number;
}

async function work(options: SimulationOptions, api: AnnotatorApi, index: number, state: Shared): Promise<void> {
  const random = new KeyedRandom(options.seed, "simulated-annotators");
  const tab = `simulated-${index}`;
  let empties = 0;
  while (!options.signal.aborted && state.reserved < options.maxLabels) {
    if (options.speed === "full" && !(await options.modelKeepsUp())) {
      await pause(IDLE_MS, options.signal);
      continue;
    }
    // Others may have reserved the rest while this one waited for the model.
    const wanted = Math.min(CLAIM_AT_ONCE, options.maxLabels - state.reserved);
    if (wanted < 1) return;
    const claimed = await api.claim(tab, wanted);
    if (claimed.entries.length === 0) {
      empties = claimed.waiting?.refillRunning || claimed.status === "paused" ? 0 : empties + 1;
      if (claimed.isArchived || claimed.status === "frozen" || empties > EMPTY_PATIENCE) return;
      await pause(IDLE_MS, options.signal);
      continue;
    }
    empties = 0;
    for (const entry of claimed.entries) {
      if (options.signal.aborted || state.reserved >= options.maxLabels) return;
      state.reserved++;
      const isWrong = random.uniform(entry.row, STREAM_ERROR) < options.errorRate;
      const value = isWrong
        ? await options.wrong(entry.row, random.uniform(entry.row, STREAM_CHOICE))
        : await options.truth(entry.row);
      const elapsedMs = answerMs(options.speed, random.uniform(entry.row, STREAM_TIME));
      if (options.speed === "human") await pause(elapsedMs, options.signal);
      await api.submit({
        submissionId: randomUUID(),
        leaseToken: entry.leaseToken,
        row: entry.row,
        kind: "label",
        value,
        elapsedMs,
        suggestionShown: false,
      });
      state.labels++;
      if (isWrong) state.errors++;
      await options.onLabel(state.labels);
    }
  }
}

/** Time an answer takes, in ms, from a uniform number; at full speed the time is only recorded. */
function answerMs(speed: "human" | "full", u: number): number {
  if (speed === "full") return 0;
  return Math.round(MEDIAN_HUMAN_MS * Math.exp(HUMAN_SIGMA * normalQuantile(u)));
}

/** Standard normal quantile, logistic approximation (absolute error below 0.06 for u in 0.01 … 0.99): times, not science. */
function normalQuantile(u: number): number {
  return Math.log(u / (1 - u)) / 1.702;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish, { once: true });
  });
}
