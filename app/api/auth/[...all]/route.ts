import { getServerParts } from "@/server/api/context";
import { errorResponse } from "@/server/api/rest/responses";
import { getAuth, handleAuthRequest } from "@/server/auth";

async function answer(request: Request): Promise<Response> {
  try {
    return await handleAuthRequest({ ...getServerParts(), auth: await getAuth() }, request);
  } catch (error) {
    return errorResponse(error, "auth");
  }
}

export const GET = answer;
export const POST = answer;
