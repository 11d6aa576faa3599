import { initTRPC, TRPCError } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { z } from "zod";
import { ERROR_CODES } from "@/contracts/errors";
import type { ProjectPermission, ProjectRole } from "@/contracts/permissions";
import { plainJson } from "@/contracts/wire";
import type { ProjectRef } from "../access";
import { authorizeProject, requireActor, resolveActor } from "../access";
import type { Actor, Credential } from "../auth";
import type { Clock } from "../clock";
import type { Pool } from "../db";
import { AppError, isAppError } from "../errors";
import type { ProjectRow } from "../projects";
import type { BlobStore } from "../storage";
import { badInput, toAppError, toWireError } from "./toWireError";

/** What every call starts from. Nothing about the caller is looked up yet: the ladder does that. */
export interface ApiContext {
  db: Pool;
  clock: Clock;
  storage: BlobStore;
  credential: Credential;
}

/** What a procedure inside a project is given. */
export interface ProjectContext extends Omit<ApiContext, "credential"> {
  actor: Actor;
  project: ProjectRow;
  /** Administrators and the system count as lead; null for keys. */
  role: ProjectRole | null;
  /** Since when a lead has frozen this member: no new leases. */
  frozenAt: Date | null;
}

/** Who may call a procedure: a permission of the table, or a rung of the ladder. */
export type Rung = "public" | "user" | "anyone signed in" | "administrator" | ProjectPermission;

export interface ProcedureMeta {
  permission: Rung;
  /** Other permissions of which one suffices as well. */
  alternatives?: readonly ProjectPermission[];
  /** Set where the project is optional: without one, only administrators may call. */
  orAdministrator?: boolean;
}

const SSE_PING_MS = 15_000;
const SSE_RECONNECT_AFTER_MS = 45_000;

const t = initTRPC
  .context<ApiContext>()
  .meta<ProcedureMeta>()
  .create({
    transformer: plainJson,
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: SSE_PING_MS },
      client: { reconnectAfterInactivityMs: SSE_RECONNECT_AFTER_MS },
    },
    errorFormatter({ shape, error, path }) {
      const appError = isAppError(error.cause) ? error.cause : fromTrpc(error, path ?? "");
      const code = ERROR_CODES[appError.code].trpc;
      return {
        ...shape,
        message: appError.message,
        code: TRPC_ERROR_CODES_BY_KEY[code],
        data: { ...shape.data, code, httpStatus: appError.http, winnow: toWireError(appError) },
      };
    },
  });

/** Errors that tRPC itself raises: unknown procedure, malformed JSON, wrong method. */
function fromTrpc(error: TRPCError, path: string): AppError {
  switch (error.code) {
    case "NOT_FOUND":
      return new AppError("E_NOT_FOUND", `There is no procedure "${path}" of this type.`);
    case "PARSE_ERROR":
      return new AppError("E_BAD_INPUT", `The request is not the JSON that was expected: ${error.message}`);
    case "BAD_REQUEST":
    case "METHOD_NOT_SUPPORTED":
      return new AppError("E_BAD_INPUT", error.message);
    case "UNSUPPORTED_MEDIA_TYPE":
      return new AppError("E_UNSUPPORTED_FORMAT", `${error.message}. Send application/json.`);
    case "PAYLOAD_TOO_LARGE":
      return new AppError("E_TOO_LARGE", error.message);
    case "CLIENT_CLOSED_REQUEST":
      return new AppError("E_CANCELLED", "The caller went away.");
    default:
      return toAppError(error.cause ?? error, path);
  }
}

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;
export const mergeRouters = t.mergeRouters;

function asTrpc(error: AppError): TRPCError {
  return new TRPCError({ code: ERROR_CODES[error.code].trpc, message: error.message, cause: error });
}

/** Why an input could not even be read. */
function unreadable(error: unknown, path: string): AppError {
  const cause = error instanceof TRPCError && error.cause ? error.cause : error;
  if (isAppError(cause)) return cause;
  if (cause instanceof SyntaxError || cause instanceof TypeError) {
    return new AppError("E_BAD_INPUT", `The input cannot be read as JSON: ${cause.message}.`, { cause });
  }
  return toAppError(cause, path);
}

/** Turns whatever fails below into an AppError with its tRPC code, so that no foreign text leaves the process. */
const mapErrors = t.middleware(async ({ next, path, getRawInput }) => {
  try {
    await getRawInput();
  } catch (error) {
    throw asTrpc(unreadable(error, path));
  }
  const result = await next();
  if (result.ok) return result;
  const { error } = result;
  const appError =
    error.cause instanceof z.core.$ZodError
      ? badInput(error.cause, await getRawInput())
      : isAppError(error.cause)
        ? error.cause
        : fromTrpc(error, path);
  throw asTrpc(appError);
});

const base = t.procedure.use(mapErrors);

/** Who looks; null for nobody. A session that has ended is nobody here: the sign-in page must still open with it. */
async function visitor(ctx: ApiContext): Promise<Actor | null> {
  try {
    return await resolveActor(ctx);
  } catch (error) {
    if (ctx.credential.kind === "session" && isAppError(error) && error.code === "E_UNAUTHENTICATED") return null;
    throw error;
  }
}

/** Anyone, signed in or not; `ctx.actor` is null for nobody. */
const publicGuard = t.middleware(async ({ ctx, next }) => next({ ctx: { actor: await visitor(ctx) } }));

/** Any good credential: a person, a key or the instance itself. */
const actorGuard = t.middleware(async ({ ctx, next }) => next({ ctx: { actor: await requireActor(ctx) } }));

const userGuard = t.middleware(async ({ ctx, next }) => {
  const actor = await requireActor(ctx);
  if (actor.kind !== "user") {
    throw new AppError("E_FORBIDDEN", "This is for signed-in people; an API key cannot do it.");
  }
  return next({ ctx: { actor } });
});

async function requireAdministrator(ctx: ApiContext): Promise<Actor> {
  const actor = await requireActor(ctx);
  if (actor.kind === "system" || (actor.kind === "user" && actor.role === "administrator")) return actor;
  throw new AppError("E_FORBIDDEN", "Only administrators of this instance may do this.");
}

const administratorGuard = t.middleware(async ({ ctx, next }) =>
  next({ ctx: { actor: await requireAdministrator(ctx) } }),
);

/** Guards by the rung they enforce; the test of the ladder finds every procedure's guard here. */
const guards = new Map<string, Set<unknown>>();

function register<G extends { _middlewares: readonly unknown[] }>(rung: string, guard: G): G {
  const known = guards.get(rung) ?? new Set();
  for (const fn of guard._middlewares) known.add(fn);
  guards.set(rung, known);
  return guard;
}

/** Whether a procedure was built from the rung that its meta names. */
export function isGuarded(procedure: unknown): boolean {
  const def = (procedure as { _def?: { meta?: ProcedureMeta; middlewares?: readonly unknown[] } })._def;
  const known = def?.meta && guards.get([def.meta.permission, ...(def.meta.alternatives ?? [])].join(" or "));
  return known !== undefined && (def?.middlewares ?? []).some((fn) => known.has(fn));
}

export const publicProcedure = base.meta({ permission: "public" }).use(register("public", publicGuard));
export const actorProcedure = base
  .meta({ permission: "anyone signed in" })
  .use(register("anyone signed in", actorGuard));
export const userProcedure = base.meta({ permission: "user" }).use(register("user", userGuard));
export const adminProcedure = base
  .meta({ permission: "administrator" })
  .use(register("administrator", administratorGuard));

const projectInput = z.object({ projectId: z.int() });
const projectRefInput = z.union([projectInput, z.object({ slug: z.string().min(1).max(100) })]);
const optionalProjectInput = z.object({ projectId: z.int().optional() });

async function authorize(
  ctx: ApiContext,
  ref: NonNullable<ProjectRef>,
  permission: ProjectPermission | readonly ProjectPermission[],
) {
  const { actor, project, role, frozenAt } = await authorizeProject(ctx, ref, permission);
  return { actor, project, role, frozenAt };
}

/**
 * Inside a project: takes `projectId`, checks the permission (of several, one suffices), gives `ctx.project`, `ctx.role`
 * and `ctx.actor`.
 */
export function projectProcedure(permission: ProjectPermission, ...alternatives: ProjectPermission[]) {
  const allowing = [permission, ...alternatives];
  const guard = t.middleware(async ({ ctx, next, input }) =>
    next({ ctx: await authorize(ctx, input as z.infer<typeof projectInput>, allowing) }),
  );
  return base
    .meta({ permission, alternatives })
    .input(projectInput)
    .use(register(allowing.join(" or "), guard));
}

/** The same, but the project may also be named by its address: `{projectId}` or `{slug}`. */
export function projectRefProcedure(permission: ProjectPermission) {
  const guard = t.middleware(async ({ ctx, next, input }) =>
    next({ ctx: await authorize(ctx, input as z.infer<typeof projectRefInput>, permission) }),
  );
  return base.meta({ permission }).input(projectRefInput).use(register(permission, guard));
}

/** With a project: its permission. Without one: administrators only, and `ctx.project` is null. */
export function projectOrAdminProcedure(permission: ProjectPermission) {
  const guard = t.middleware(async ({ ctx, next, input }) => {
    const { projectId } = input as z.infer<typeof optionalProjectInput>;
    if (projectId === undefined) {
      const actor = await requireAdministrator(ctx);
      return next({ ctx: { actor, project: null as ProjectRow | null } });
    }
    const { actor, project } = await authorizeProject(ctx, { projectId }, permission);
    return next({ ctx: { actor, project: project as ProjectRow | null } });
  });
  return base.meta({ permission, orAdministrator: true }).input(optionalProjectInput).use(register(permission, guard));
}

/**
 * For what is named by its own id and belongs to a project or, with a null project, to the instance: `projectOf` finds
 * the project, then the permission is checked there (without a project: administrators only). What does not exist and
 * what is not the caller's are refused alike.
 */
export function projectOfProcedure<S extends z.ZodObject>(
  permission: ProjectPermission,
  input: S,
  projectOf: (db: Pool, input: z.output<S>) => Promise<{ projectId: number | null } | undefined>,
) {
  const guard = t.middleware(async ({ ctx, next, input: given }) => {
    await requireActor(ctx);
    const found = await projectOf(ctx.db, given as z.output<S>);
    if (!found) throw new AppError("E_NOT_FOUND", "There is nothing with this id, or it is not yours to change.");
    if (found.projectId === null) {
      return next({ ctx: { actor: await requireAdministrator(ctx), projectId: null as number | null } });
    }
    const { actor } = await authorizeProject(ctx, { projectId: found.projectId }, permission);
    return next({ ctx: { actor, projectId: found.projectId as number | null } });
  });
  return base.meta({ permission, orAdministrator: true }).input(input).use(register(permission, guard));
}
