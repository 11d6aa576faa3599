import { pageInput } from "@/contracts/access";
import { listAuditLog } from "../../audit";
import { adminProcedure, projectProcedure, router } from "../trpc";

export const auditLogRouter = router({
  /** What leads, administrators and keys did in the project, newest first. */
  list: projectProcedure("manage")
    .input(pageInput)
    .query(({ ctx, input }) => listAuditLog(ctx, input)),
  /** What concerned the instance: accounts, set-up, projects made and deleted. */
  listInstance: adminProcedure
    .input(pageInput)
    .query(({ ctx, input }) => listAuditLog(ctx, { ...input, projectId: null })),
});
