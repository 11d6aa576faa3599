import { getServerParts } from "@/server/api/context";
import { handleTrpcRequest } from "@/server/api/handleTrpcRequest";

function answer(request: Request): Promise<Response> {
  return handleTrpcRequest(getServerParts(), request);
}

export const GET = answer;
export const POST = answer;
