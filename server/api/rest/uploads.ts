import { LIMITS } from "@/contracts/limits";
import { receiveUpload } from "../../ingestion";
import { bodyOf, requiredParameter } from "./requestBody";
import { jsonResponse } from "./responses";
import type { RestCall } from "./restRoute";

/** `POST /uploads?fileName=`: stores the body; the answer's uploadId is what imports are started with. */
export async function postUpload(call: RestCall<{ id: string }>): Promise<Response> {
  const fileName = requiredParameter(call.url, "fileName", "data.csv");
  const body = bodyOf(call.request, LIMITS.uploadBytes);
  return jsonResponse(await receiveUpload(call, { fileName, body, signal: call.signal }), 201);
}
