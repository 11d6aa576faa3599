import type { Kernels } from "@/strategies/kernels";
import type { BlobStore } from "../storage";
import type { FinishedRange } from "./protocol";

/** What a task in a compute child may use. */
export interface TaskContext {
  storage: BlobStore;
  /** What is allocated during a task is released after it. */
  kernels: Kernels;
  monotonicMs(): number;
  progress(done: number, total: number, message?: string): void;
  /** Tells the worker what is stored already, so that a crash costs only the rest. */
  rangeFinished(range: FinishedRange): void;
}
