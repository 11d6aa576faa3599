import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeProject } from "@/test/harness/factories";
import type { TestContext } from "@/test/harness/testContext";
import { createTestContext } from "@/test/harness/testContext";
import { createPool, createPrisma, withTransaction } from "./db";

let context: TestContext;
beforeAll(async () => {
  context = await createTestContext();
  await context.db.query("create table counter (id int primary key, n int not null)");
  await context.db.query("insert into counter values (1, 0), (2, 0)");
});
afterAll(() => context.cleanup());

const read = async (id: number): Promise<number> =>
  (await context.db.query<{ n: number }>("select n from counter where id = $1", [id])).rows[0].n;

describe("withTransaction", () => {
  test("commits what succeeds and rolls back what throws", async () => {
    await withTransaction(context.db, (tx) => tx.query("update counter set n = 5 where id = 1"));
    const failing = withTransaction(context.db, async (tx) => {
      await tx.query("update counter set n = 99 where id = 1");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await read(1)).toBe(5);
  });

  test("repeats the whole of it when transactions could not be serialised, so that no update is lost", async () => {
    await context.db.query("update counter set n = 0 where id = 2");
    const increment = () =>
      withTransaction(
        context.db,
        async (tx) => {
          const { rows } = await tx.query<{ n: number }>("select n from counter where id = 2");
          await tx.query("update counter set n = $1 where id = 2", [rows[0].n + 1]);
        },
        { isolation: "serializable", attemptsMax: 50 },
      );
    await Promise.all(Array.from({ length: 12 }, increment));
    expect(await read(2)).toBe(12);
  });

  test("repeats the loser of a deadlock", async () => {
    await context.db.query("update counter set n = 0");
    const lock = (first: number, second: number) =>
      withTransaction(context.db, async (tx) => {
        await tx.query("update counter set n = n + 1 where id = $1", [first]);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await tx.query("update counter set n = n + 1 where id = $1", [second]);
      });
    await Promise.all([lock(1, 2), lock(2, 1)]);
    expect([await read(1), await read(2)]).toEqual([2, 2]);
  });

  test("gives up after the attempts allowed, with an error that says to try again", async () => {
    let attempts = 0;
    const conflict = withTransaction(
      context.db,
      async () => {
        attempts++;
        throw Object.assign(new Error("could not serialize"), { code: "40001" });
      },
      { attemptsMax: 3 },
    );
    await expect(conflict).rejects.toMatchObject({ code: "E_UNAVAILABLE", isRetryable: true });
    expect(attempts).toBe(3);
  });

  test("holds a statement to its time", async () => {
    const slow = withTransaction(context.db, (tx) => tx.query("select pg_sleep(5)"), { statementTimeoutMs: 100 });
    await expect(slow).rejects.toMatchObject({ code: "57014" });
  });

  test("learns by its next statement that the connection was lost between two, and the process lives on", async () => {
    const lost = withTransaction(context.db, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
      await context.db.query("select pg_terminate_backend($1)", [rows[0].pid]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await tx.query("update counter set n = 77 where id = 1");
    });
    await expect(lost).rejects.toThrow(/terminated|terminating|not queryable/i);
    expect(await read(1)).not.toBe(77);
  });

  test("leaves a pool that works after the server ended its connections", async () => {
    const pool = createPool({ connectionString: context.url, max: 2, applicationName: "to be ended" });
    await pool.query("select 1");
    await context.db.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to be ended'",
    );
    const attempts = async () => {
      for (let n = 0; ; n++) {
        try {
          return await withTransaction(pool, (tx) => tx.query("select 1 as one"));
        } catch (error) {
          if (n > 3) throw error;
        }
      }
    };
    expect((await attempts()).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });
});

describe("the pool", () => {
  test("gives counts as numbers", async () => {
    const { rows } = await context.db.query("select count(*) as n, 9007199254740991::bigint as big from counter");
    expect(rows[0]).toEqual({ n: 2, big: Number.MAX_SAFE_INTEGER });
  });

  test("is what Prisma stands on", async () => {
    const made = await makeProject(context.db, { name: "Seen by Prisma" });
    const prisma = createPrisma(context.db);
    expect(await prisma.project.findUnique({ where: { id: made.id } })).toMatchObject({ name: "Seen by Prisma" });
  });
});
