import { availableParallelism, totalmem } from "node:os";
import { MINUTE_MS, SECOND_MS } from "@/contracts/limits";
import { AppError } from "../errors";
import type { BlobStore } from "../storage";
import { ComputeChild } from "./computeChild";
import type { ComputeTasks, TaskKind, TaskProgress, TaskUsage } from "./protocol";

/** How long an idle child is kept, ready for the next task. */
const KEEP_WARM_MS = 30 * SECOND_MS;
const CHILDREN_MAX = 4;
const TIME_LIMIT_MS = 30 * MINUTE_MS;
const MEMORY_LIMIT_BYTES = 8 * 2 ** 30;
/** Share of the machine's memory that one task may take. */
const MEMORY_SHARE_MAX = 0.6;

export interface PoolOptions {
  /** Tasks at the same time, each with one thread. Default: as many as the machine has cores, at most 4. */
  childrenMax?: number;
  keepWarmMs?: number;
}

export interface RunOptions {
  signal?: AbortSignal;
  onProgress?: (progress: TaskProgress) => void;
  timeLimitMs?: number;
  memoryLimitBytes?: number;
}

interface Slot {
  child: ComputeChild;
  isBusy: boolean;
  idleTimer: NodeJS.Timeout | undefined;
}

/**
 * The worker's compute processes. They start with the first task, stay warm for a while, and one that ended is replaced by
 * the next task. Tasks beyond the number of children wait in order of arrival.
 */
export class ComputePool {
  readonly #childrenMax: number;
  readonly #keepWarmMs: number;
  readonly #slots: Slot[] = [];
  readonly #waiting: (() => void)[] = [];
  #nextId = 1;
  #isClosed = false;

  constructor(options: PoolOptions = {}) {
    this.#childrenMax = options.childrenMax ?? Math.min(CHILDREN_MAX, availableParallelism());
    this.#keepWarmMs = options.keepWarmMs ?? KEEP_WARM_MS;
  }

  /** Process ids of the live children. */
  get pids(): number[] {
    return this.#slots.flatMap(({ child }) => (child.pid === undefined || child.isGone ? [] : [child.pid]));
  }

  /**
   * Runs a task in a child, on blobs of `storage`. Aborting kills the child that runs it.
   *
   * @throws AppError E_CANCELLED when aborted; E_JOB_FAILED with details.reason "crash", "outOfMemory", "timeLimit" or
   *         "memoryLimit"; whatever error the task itself raised.
   */
  async run<K extends TaskKind>(
    kind: K,
    storage: BlobStore,
    payload: ComputeTasks[K]["payload"],
    options: RunOptions = {},
  ): Promise<{ result: ComputeTasks[K]["result"]; usage: TaskUsage }> {
    const slot = await this.#acquire(options.signal);
    try {
      const outcome = await slot.child.run(
        { id: this.#nextId++, kind, storage: storage.address, payload },
        {
          timeLimitMs: options.timeLimitMs ?? TIME_LIMIT_MS,
          memoryLimitBytes: options.memoryLimitBytes ?? Math.min(MEMORY_LIMIT_BYTES, totalmem() * MEMORY_SHARE_MAX),
        },
        options.onProgress ?? (() => undefined),
        options.signal,
      );
      return outcome as { result: ComputeTasks[K]["result"]; usage: TaskUsage };
    } finally {
      this.#release(slot);
    }
  }

  /** Ends all children; running and waiting tasks fail. */
  close(): void {
    this.#isClosed = true;
    for (const slot of this.#slots) {
      clearTimeout(slot.idleTimer);
      slot.child.kill();
    }
    this.#slots.length = 0;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #acquire(signal: AbortSignal | undefined): Promise<Slot> {
    for (;;) {
      if (signal?.aborted) throw new AppError("E_CANCELLED", "The task was cancelled before it began.");
      if (this.#isClosed) throw new AppError("E_UNAVAILABLE", "The compute pool is closed: the worker is stopping.");
      const idle = this.#slots.find((slot) => !slot.isBusy && !slot.child.isGone);
      if (idle) {
        clearTimeout(idle.idleTimer);
        idle.isBusy = true;
        return idle;
      }
      if (this.#slots.length < this.#childrenMax) return this.#start();
      await this.#wait(signal);
    }
  }

  #start(): Slot {
    const slot: Slot = { child: new ComputeChild(), isBusy: true, idleTimer: undefined };
    slot.child.onGone = () => {
      const at = this.#slots.indexOf(slot);
      if (at >= 0) this.#slots.splice(at, 1);
      clearTimeout(slot.idleTimer);
      this.#waiting.shift()?.();
    };
    this.#slots.push(slot);
    return slot;
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = () => {
        const at = this.#waiting.indexOf(wake);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(wake);
    });
  }

  #release(slot: Slot): void {
    slot.isBusy = false;
    if (!slot.child.isGone && !this.#isClosed) {
      slot.idleTimer = setTimeout(() => slot.child.kill(), this.#keepWarmMs);
      slot.idleTimer.unref();
    }
    this.#waiting.shift()?.();
  }
}

let pool: ComputePool | undefined;

/** The worker's one pool. */
export function getComputePool(): ComputePool {
  pool ??= new ComputePool();
  return pool;
}

/** Ends the worker's children, if there are any. */
export function closeComputePool(): void {
  pool?.close();
  pool = undefined;
}
