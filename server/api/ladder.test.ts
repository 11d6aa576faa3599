import { describe, expect, test } from "vitest";
import { PROJECT_PERMISSIONS } from "@/contracts/permissions";
import { appRouter } from "./root";
import type { ProcedureMeta } from "./trpc";
import { isGuarded, projectProcedure, publicProcedure, router, userProcedure } from "./trpc";

type Procedures = Record<string, { _def: { meta?: ProcedureMeta; type: string; inputs: unknown[] } }>;
const procedures = (appRouter as unknown as { _def: { procedures: Procedures } })._def.procedures;

describe("the ladder", () => {
  test.each(Object.keys(procedures))("%s stands on the rung that it names", (path) => {
    expect(isGuarded(procedures[path])).toBe(true);
    const permission = procedures[path]._def.meta?.permission as string;
    const rungs = ["public", "user", "anyone signed in", "administrator", ...Object.keys(PROJECT_PERMISSIONS)];
    expect(rungs).toContain(permission);
  });

  test("what everyone may call is exactly this, and none of it belongs to a project", () => {
    const open = Object.keys(procedures).filter((path) => procedures[path]._def.meta?.permission === "public");
    expect(open.sort()).toEqual([
      "access.completeSetup",
      "access.peekPasswordReset",
      "access.resetPassword",
      "access.state",
      "invitation.accept",
      "invitation.peek",
    ]);
  });

  test("a procedure that only claims a rung is found out", () => {
    const forged = router({
      claimsMore: publicProcedure.meta({ permission: "manage" }).query(() => 1),
      claimsLess: projectProcedure("manage")
        .meta({ permission: "public" })
        .query(() => 1),
      honest: userProcedure.query(() => 1),
    }) as unknown as { _def: { procedures: Procedures } };
    const { claimsMore, claimsLess, honest } = forged._def.procedures;
    expect([claimsMore, claimsLess, honest].map(isGuarded)).toEqual([false, false, true]);
  });
});
