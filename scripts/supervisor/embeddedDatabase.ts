import pg from "pg";
import { EmbeddedPostgres } from "../postgres/embeddedPostgres";
import { sleep } from "../postgres/processes";

/** Advisory lock that the one supervisor of an embedded server holds. */
const SUPERVISOR_LOCK = 0x77_73_75_70;
const CHECK_EVERY_MS = 250;
const RESTART_PAUSE_MS = 250;
const RESTART_ATTEMPTS_MAX = 15;
const GUARD_TIMEOUT_MS = 10_000;

/**
 * The embedded PostgreSQL, watched: it is started again when it ends, on the same port, so that its clients find it. A
 * lock inside the server makes sure that there is one supervisor, whatever became of lock files.
 */
export class EmbeddedDatabase {
  readonly #server: EmbeddedPostgres;
  readonly #say: (message: string) => void;
  #guard: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;
  #restart: Promise<void> | undefined;

  constructor(dataDir: string, say: (message: string) => void) {
    this.#server = new EmbeddedPostgres({ dataDir, database: "winnow", onStep: say });
    this.#say = say;
  }

  get url(): string {
    return this.#server.url();
  }

  async start(onLost: (error: Error) => void): Promise<void> {
    const { adopted } = await this.#server.start();
    if (adopted) this.#say("took over the PostgreSQL that an earlier start left running");
    await this.#takeGuard();
    this.#timer = setInterval(() => {
      if (this.#isStopping || this.#restart || this.#server.isRunning) return;
      this.#say("PostgreSQL ended; starting it again");
      this.#restart = this.#startAgain()
        .catch((error: Error) => onLost(error))
        .finally(() => {
          this.#restart = undefined;
        });
    }, CHECK_EVERY_MS);
  }

  /** Tries for a while: a machine under load, or someone who kills again and again, is no reason to give up. */
  async #startAgain(): Promise<void> {
    for (let n = 1; !this.#isStopping; n++) {
      await sleep(RESTART_PAUSE_MS * n);
      try {
        await this.#server.start();
        await this.#takeGuard();
        return;
      } catch (error) {
        if (n >= RESTART_ATTEMPTS_MAX) throw error;
        this.#say(
          `PostgreSQL could not be started (${error instanceof Error ? error.message.split("\n")[0] : error}); trying again`,
        );
      }
    }
  }

  async #takeGuard(): Promise<void> {
    const guard = new pg.Client({
      connectionString: this.#server.url("postgres"),
      application_name: "winnow supervisor",
      connectionTimeoutMillis: GUARD_TIMEOUT_MS,
      query_timeout: GUARD_TIMEOUT_MS,
    });
    // Lost when the server ends; the watch above sees that and a new one is taken.
    guard.on("error", () => undefined);
    await guard.connect();
    const { rows } = await guard.query<{ got: boolean }>("select pg_try_advisory_lock($1) as got", [SUPERVISOR_LOCK]);
    if (!rows[0].got) {
      await guard.end();
      throw new Error(
        "Another Winnow runs on this data folder. Stop it first, or choose another with WINNOW_DATA_DIR.",
      );
    }
    this.#guard = guard;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    await this.#restart;
    await Promise.race([this.#guard?.end().catch(() => undefined), sleep(RESTART_PAUSE_MS)]);
    await this.#server.stop();
  }
}
