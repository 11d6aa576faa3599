import pg from "pg";
import { EmbeddedPostgres } from "../postgres/embeddedPostgres";

/** Advisory lock that the one supervisor of an embedded server holds. */
const SUPERVISOR_LOCK = 0x77_73_75_70;
const CHECK_EVERY_MS = 250;
const RESTART_PAUSE_MS = 250;

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

  async #startAgain(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
    if (this.#isStopping) return;
    await this.#server.start();
    await this.#takeGuard();
  }

  async #takeGuard(): Promise<void> {
    const guard = new pg.Client({
      connectionString: this.#server.url("postgres"),
      application_name: "winnow supervisor",
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
    await this.#guard?.end().catch(() => undefined);
    await this.#server.stop();
  }
}
