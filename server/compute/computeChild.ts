import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERROR_CODES } from "@/contracts/errors";
import { SECOND_MS } from "@/contracts/limits";
import type { ErrorCode } from "../errors";
import { AppError } from "../errors";
import type { ChildMessage, TaskProgress, TaskRequest, TaskUsage } from "./protocol";

/** Longest a child may take to come up. */
const START_TIMEOUT_MS = 30 * SECOND_MS;
const WATCH_EVERY_MS = 250;
const HEAP_MIB_MAX = 2_048;
/** Characters of a dying child's standard error that are kept for the message. */
const STDERR_KEPT = 2_000;

export interface TaskLimits {
  timeLimitMs: number;
  memoryLimitBytes: number;
}

export interface TaskOutcome {
  result: unknown;
  usage: TaskUsage;
}

interface RunningTask {
  id: number;
  kind: string;
  limits: TaskLimits;
  onProgress: (progress: TaskProgress) => void;
  resolve: (outcome: TaskOutcome) => void;
  reject: (error: AppError) => void;
  timers: NodeJS.Timeout[];
}

/**
 * One compute process. starting → idle ⇄ busy → gone; it is never brought back. A task ends by its answer, by the end of
 * the process for whatever reason, or by a limit, which ends the process.
 */
export class ComputeChild {
  readonly #process: ChildProcess;
  readonly #ready: Promise<void>;
  #task: RunningTask | undefined;
  #stderr = "";
  #isGone = false;
  #isDying = false;
  #onGone: () => void = () => undefined;

  constructor() {
    this.#process = spawnChild();
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
    this.#ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.kill(), START_TIMEOUT_MS);
      this.#process.on("message", (message: ChildMessage) => {
        if (message.type === "ready") {
          clearTimeout(timer);
          resolve();
        } else this.#onMessage(message);
      });
      this.#process.on("error", (error) => this.#end(null, null, error));
      this.#process.on("exit", (code, signal) => {
        clearTimeout(timer);
        this.#end(code, signal);
        reject(this.#deathOf("starting", code, signal));
      });
    });
    // Whoever runs a task awaits it; without one there is nobody to tell.
    this.#ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }
  /** Whether it has ended or was told to: it takes no more tasks. */
  get isGone(): boolean {
    return this.#isGone || this.#isDying;
  }
  set onGone(listener: () => void) {
    this.#onGone = listener;
  }

  /** Runs one task; the caller sees to it that there is only one at a time. */
  async run(
    request: TaskRequest,
    limits: TaskLimits,
    onProgress: (progress: TaskProgress) => void,
    signal: AbortSignal | undefined,
  ): Promise<TaskOutcome> {
    this.#keepAlive(true);
    const cancelled = () => new AppError("E_CANCELLED", `The ${request.kind} task was cancelled.`);
    const onAbort = () => {
      this.#settle((task) => task.reject(cancelled()));
      this.kill();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#ready;
      if (signal?.aborted) throw cancelled();
      return await new Promise<TaskOutcome>((resolve, reject) => {
        this.#task = { id: request.id, kind: request.kind, limits, onProgress, resolve, reject, timers: [] };
        this.#watch(this.#task);
        this.#process.send(request, (error) => {
          // A send that fails because the process is ending is followed by its exit, which says more.
          if (error && !this.#isGone) this.kill();
        });
      });
    } catch (error) {
      throw signal?.aborted ? cancelled() : error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#keepAlive(false);
    }
  }

  kill(): void {
    this.#isDying = true;
    this.#process.kill("SIGKILL");
  }

  /** Whether this child keeps the worker's event loop alive: only while it works. */
  #keepAlive(isBusy: boolean): void {
    if (isBusy) {
      this.#process.ref();
      this.#process.channel?.ref();
    } else {
      this.#process.unref();
      this.#process.channel?.unref();
      (this.#process.stderr as unknown as { unref?: () => void } | null)?.unref?.();
    }
  }

  #watch(task: RunningTask): void {
    const fail = (message: string, details: Record<string, unknown>) => {
      this.#settle((t) => t.reject(new AppError("E_JOB_FAILED", message, { details: { task: t.kind, ...details } })));
      this.kill();
    };
    const { timeLimitMs, memoryLimitBytes } = task.limits;
    task.timers.push(
      setTimeout(() => {
        fail(`The ${task.kind} task ran longer than its ${timeLimitMs / SECOND_MS} s and was stopped.`, {
          reason: "timeLimit",
          timeLimitMs,
        });
      }, timeLimitMs),
      setInterval(() => {
        const rss = residentBytes(this.pid);
        if (rss === undefined || rss <= memoryLimitBytes) return;
        fail(
          `The ${task.kind} task used ${mebibytes(rss)} MiB, more than its ${mebibytes(memoryLimitBytes)} MiB, and was stopped. Use fewer rows or dimensions.`,
          { reason: "memoryLimit", rss, memoryLimitBytes },
        );
      }, WATCH_EVERY_MS),
    );
  }

  #onMessage(message: Exclude<ChildMessage, { type: "ready" }>): void {
    if (message.id !== this.#task?.id) return;
    if (message.type === "progress") this.#task.onProgress(message.progress);
    else if (message.type === "done") {
      this.#settle((task) => task.resolve({ result: message.result, usage: message.usage }));
    } else this.#settle((task) => task.reject(errorFrom(message.error)));
  }

  #end(code: number | null, signal: NodeJS.Signals | null, cause?: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#settle((task) => task.reject(this.#deathOf(task.kind, code, signal, cause)));
    this.#onGone();
  }

  #settle(how: (task: RunningTask) => void): void {
    const task = this.#task;
    if (!task) return;
    this.#task = undefined;
    for (const timer of task.timers) clearTimeout(timer);
    how(task);
  }

  #deathOf(doing: string, code: number | null, signal: NodeJS.Signals | null, cause?: Error): AppError {
    const isOutOfMemory = /heap out of memory|Array buffer allocation failed/i.test(this.#stderr);
    const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
    const why = isOutOfMemory ? "it ran out of memory; use fewer rows or dimensions" : "the job is tried again";
    return new AppError("E_JOB_FAILED", `The compute process ${how} during "${doing}": ${why}.`, {
      details: {
        task: doing,
        reason: isOutOfMemory ? "outOfMemory" : "crash",
        exitCode: code,
        signal,
        stderr: this.#stderr.trim().slice(-STDERR_KEPT),
      },
      cause,
    });
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

/** Bundled: a file beside this bundle. In the source tree: TypeScript, run through tsx. */
function spawnChild(): ChildProcess {
  const folder = dirname(fileURLToPath(import.meta.url));
  const bundled = join(folder, "computeChild.js");
  const isBundled = existsSync(bundled);
  return fork(isBundled ? bundled : join(folder, "child.ts"), [], {
    execArgv: [...(isBundled ? [] : ["--import", "tsx"]), `--max-old-space-size=${HEAP_MIB_MAX}`],
    // Nothing of the worker's environment: models that users supply run in there.
    env: { NODE_ENV: "production" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}

/** Linux only; elsewhere the limits of the heap and of the kernel memory stand alone. */
function residentBytes(pid: number | undefined): number | undefined {
  if (process.platform !== "linux" || pid === undefined) return undefined;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
    return pages * 4096;
  } catch {
    // The process ended between two looks; its exit is reported elsewhere.
    return undefined;
  }
}

function errorFrom(error: { code: string; message: string; details: Record<string, unknown> }): AppError {
  const isKnown = Object.hasOwn(ERROR_CODES, error.code);
  const details = isKnown ? error.details : { ...error.details, cause: error.code };
  return new AppError(isKnown ? (error.code as ErrorCode) : "E_JOB_FAILED", error.message, { details });
}
