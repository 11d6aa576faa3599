import { totalmem } from "node:os";
import type { Kernels } from "@/strategies/kernels";
import { systemClock } from "../clock";
import { isAppError } from "../errors";
import { loadKernels } from "../models";
import { openBlobStore } from "../storage";
import type { ChildMessage, TaskKind, TaskRequest, TaskUsage } from "./protocol";
import type { TaskContext } from "./taskContext";

/**
 * Entry of a compute process: takes one task at a time over IPC and answers. It owns one reserved WASM memory. It knows no
 * database and no environment, and ends when the worker is gone.
 */

type Task = (context: TaskContext, payload: never) => Promise<unknown>;

/** One lazy line per task, so that a child loads only what it is asked for. */
const TASKS: Record<TaskKind, () => Promise<Task>> = {
  "features.learn": async () => (await import("./tasks/features")).learn,
  "features.apply": async () => (await import("./tasks/features")).apply,
  train: async () => (await import("./tasks/train")).train,
  predict: async () => (await import("./tasks/predict")).predict,
  head: async () => (await import("./tasks/head")).head,
  select: async () => (await import("./tasks/select")).select,
  measure: async () => (await import("./tasks/measure")).measure,
};

const PAGE_BYTES = 65_536;
/** Largest memory a 32-bit WASM module can have, less one page. */
const MEMORY_BYTES_MAX = 2 ** 32 - PAGE_BYTES;
const MEMORY_BYTES_MIN = 256 * 2 ** 20;
const PROGRESS_EVERY_MS = 100;

const parentPid = process.ppid;
let kernels: Kernels | undefined;

/** Reserved, not committed: pages cost memory once they are written. A machine that refuses so much gets less. */
async function getKernels(): Promise<Kernels> {
  let memoryBytes = MEMORY_BYTES_MAX;
  while (!kernels) {
    try {
      kernels = await loadKernels({ memoryBytes });
    } catch (error) {
      const isRefused = error instanceof RangeError && memoryBytes / 2 >= MEMORY_BYTES_MIN;
      if (!isRefused) throw error;
      memoryBytes = Math.floor(memoryBytes / 2 / PAGE_BYTES) * PAGE_BYTES;
    }
  }
  return kernels;
}

function send(message: ChildMessage): void {
  process.send?.(message);
}

/** A worker that was killed cannot tell: its children are adopted by another process. */
function exitIfOrphaned(): void {
  if (process.ppid !== parentPid) process.exit(0);
}

function contextOf(request: TaskRequest, k: Kernels): TaskContext {
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    storage: openBlobStore(request.storage),
    kernels: k,
    monotonicMs: systemClock.monotonicMs,
    progress(done, total, message) {
      const now = systemClock.monotonicMs();
      if (now - lastAt < PROGRESS_EVERY_MS && done < total) return;
      lastAt = now;
      exitIfOrphaned();
      send({ type: "progress", id: request.id, progress: { done, total, message } });
    },
    rangeFinished(range) {
      exitIfOrphaned();
      send({ type: "progress", id: request.id, progress: { done: 0, total: 0, finishedRange: range } });
    },
  };
}

async function runTask(request: TaskRequest): Promise<void> {
  const startedMs = systemClock.monotonicMs();
  const startedCpu = process.cpuUsage();
  let mark: number | undefined;
  try {
    const k = await getKernels();
    mark = k.mark();
    const task = await TASKS[request.kind]();
    const result = await task(contextOf(request, k), request.payload as never);
    const cpu = process.cpuUsage(startedCpu);
    const usage: TaskUsage = {
      wallMs: systemClock.monotonicMs() - startedMs,
      cpuMs: (cpu.user + cpu.system) / 1000,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    };
    send({ type: "done", id: request.id, result, usage });
  } catch (error) {
    send({ type: "failed", id: request.id, error: describe(error) });
  } finally {
    if (kernels && mark !== undefined) kernels.release(mark);
  }
}

/** Errors of strategies carry codes of their own, which the worker files under details. */
function describe(error: unknown): { code: string; message: string; details: Record<string, unknown> } {
  if (isAppError(error)) return { code: error.code, message: error.message, details: error.details };
  const { code, message, details, stack } = (error ?? {}) as Error & { code?: unknown; details?: object };
  return {
    code: typeof code === "string" ? code : "E_INTERNAL",
    message: message || String(error),
    details: { ...details, machineBytes: totalmem(), stack },
  };
}

process.on("message", (request: TaskRequest) => void runTask(request));
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the worker decides what ends when.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
send({ type: "ready" });
