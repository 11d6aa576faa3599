import type { ProjectPermission } from "@/contracts/permissions";
import type { ProjectAccess } from "../../access";
import { authorizeProject } from "../../access";
import { AppError } from "../../errors";
import type { ServerParts } from "../context";
import { createContext, getServerParts } from "../context";
import type { ApiContext } from "../trpc";
import { errorResponse } from "./responses";

/** One HTTP call inside a project, authorised. */
export interface RestCall<P extends object> extends Omit<ApiContext, "credential">, ProjectAccess {
  request: Request;
  url: URL;
  params: P;
  /** Aborted when the caller goes away. */
  signal: AbortSignal;
}

export type RestHandler<P extends object> = (call: RestCall<P>) => Promise<Response>;

const DIGITS = /^[0-9]{1,10}$/;

async function handleRestRequest<P extends { id: string }>(
  parts: ServerParts,
  permission: ProjectPermission | readonly ProjectPermission[],
  handler: RestHandler<P>,
  request: Request,
  params: P,
): Promise<Response> {
  const url = new URL(request.url);
  try {
    if (!DIGITS.test(params.id)) {
      throw new AppError("E_NOT_FOUND", `"${params.id.slice(0, 50)}" is not the number of a project.`);
    }
    const context = createContext(parts, request);
    const access = await authorizeProject(context, { projectId: Number(params.id) }, permission);
    const { db, clock, storage } = context;
    return await handler({ db, clock, storage, ...access, request, url, params, signal: request.signal });
  } catch (error) {
    return errorResponse(error, `${request.method} ${url.pathname}`);
  }
}

/**
 * A route handler under `/api/v1/projects/[id]/…`: the caller shows a session cookie or an API key, the permission table
 * decides (of several permissions one suffices), errors become `{ error: WireError }`.
 *
 *   // app/api/v1/projects/[id]/uploads/route.ts
 *   export const POST = restRoute("ingest", receiveUpload);
 */
export function restRoute<P extends { id: string }>(
  permission: ProjectPermission | readonly ProjectPermission[],
  handler: RestHandler<P>,
) {
  const route = async (request: Request, context: { params: Promise<P> }): Promise<Response> =>
    handleRestRequest(getServerParts(), permission, handler, request, await context.params);
  return Object.assign(route, {
    /** The permission it asks for, for the table in the documentation and the tests. */
    permission,
    /** The same on other parts, for tests. */
    handle: (parts: ServerParts, request: Request, params: P) =>
      handleRestRequest(parts, permission, handler, request, params),
  });
}
