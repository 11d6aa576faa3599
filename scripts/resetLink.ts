/** Prints a one-time link with which a person chooses a new password: `npm run reset-link -- ada@example.org`. */
import { createPasswordReset, findUserByEmail } from "@/server/access";
import { systemClock } from "@/server/clock";
import { createPool } from "@/server/db";
import { getEnv } from "@/server/env";
import { runningDatabaseUrl } from "./postgres/runningDatabaseUrl";

/** Address of the database: the one that was given, or the embedded one of the data folder, which must be running. */
function databaseUrl(): string {
  const { databaseUrl, dataDir } = getEnv();
  if (databaseUrl) return databaseUrl;
  try {
    return runningDatabaseUrl(dataDir);
  } catch {
    throw new Error(
      `No running database in ${dataDir}. Start Winnow first, and run this beside it with the same WINNOW_DATA_DIR or DATABASE_URL.`,
    );
  }
}

async function main(): Promise<void> {
  const email = process.argv[2];
  if (!email) throw new Error("Say whose password: npm run reset-link -- ada@example.org");
  const db = createPool({ connectionString: databaseUrl(), max: 1, applicationName: "winnow reset-link" });
  try {
    const user = await findUserByEmail(db, email);
    if (!user) throw new Error(`There is no account with the address ${email}.`);
    // Whoever may run this can read the database: the console is as far as trust goes.
    const actor = { kind: "system", id: "console" } as const;
    const { url, expiresAt } = await createPasswordReset({ db, clock: systemClock, actor }, { userId: user.id });
    console.log(`winnow: ${user.name} can choose a new password until ${expiresAt} at\n${url}`);
  } finally {
    await db.end();
  }
}

await main().catch((error: unknown) => {
  console.error(`winnow: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
