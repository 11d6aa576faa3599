import "server-only";

import { headers } from "next/headers";
import { cache } from "react";
import { createCaller } from "@/server/api/caller";
import { createPageContext, getServerParts } from "@/server/api/context";

/**
 * Procedures for pages rendered on the server, as the visitor: `const { user } = await (await api()).access.state()`.
 * One caller per request. Errors are TRPCErrors whose `cause` is the AppError.
 */
export const api = cache(async () => createCaller(createPageContext(getServerParts(), await headers())));
