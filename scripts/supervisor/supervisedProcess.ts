import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { signalQuietly, sleep } from "../postgres/processes";

export interface ProcessSpec {
  /** In messages: "web", "worker". */
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Show what it writes to standard output; standard error is always shown. */
  showOutput: boolean;
}

const PAUSE_FIRST_MS = 200;
const PAUSE_MAX_MS = 30_000;
/** A process that has run this long was well; its next crash starts counting anew. */
const STABLE_MS = 10_000;
const KILL_AFTER_MS = 12_000;

/**
 * Keeps one child process running: starts it again when it ends, at once after a long life, with doubling pauses when it
 * dies young. stop() ends it for good.
 */
export class SupervisedProcess {
  readonly #spec: ProcessSpec;
  readonly #say: (message: string) => void;
  #child: ChildProcess | undefined;
  #isStopping = false;
  #youngDeaths = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(spec: ProcessSpec, say: (message: string) => void) {
    this.#spec = spec;
    this.#say = say;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends in a row that came soon after a start. */
  get youngDeaths(): number {
    return this.#youngDeaths;
  }

  start(): void {
    const { command, args, cwd, env, showOutput, name } = this.#spec;
    const startedMs = performance.now();
    // A process group of its own: a terminal's Ctrl-C reaches the supervisor alone, which stops things in order.
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ["ignore", showOutput ? "inherit" : "ignore", "inherit"],
      detached: true,
    });
    this.#child = child;
    let isGone = false;
    const onGone = (how: string): void => {
      if (isGone) return;
      isGone = true;
      this.#child = undefined;
      if (this.#isStopping) return;
      this.#youngDeaths = performance.now() - startedMs > STABLE_MS ? 0 : this.#youngDeaths + 1;
      const pause = Math.min(PAUSE_FIRST_MS * 2 ** Math.min(this.#youngDeaths, 20), PAUSE_MAX_MS);
      this.#say(`the ${name} process ended (${how}); starting it again`);
      this.#timer = setTimeout(() => this.start(), pause);
    };
    child.once("error", (error) => onGone(error.message));
    child.once("exit", (code, signal) => onGone(String(signal ?? `code ${code}`)));
  }

  /** Asks it to end, waits, and ends it the hard way when it does not. Its whole process group goes with it. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child?.pid) return;
    signalQuietly(-child.pid, "SIGTERM");
    const until = performance.now() + KILL_AFTER_MS;
    while (child.exitCode === null && child.signalCode === null && performance.now() < until) await sleep(20);
    // Also after a clean end: what it started itself must not stay.
    signalQuietly(-child.pid, "SIGKILL");
  }

  killNow(): void {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    if (this.#child?.pid) signalQuietly(-this.#child.pid, "SIGKILL");
  }
}
