import { ingestPredictionsInput } from "@/contracts/ingestion";
import { attachPredictions } from "../../ingestion";
import { requiredParameter } from "./requestBody";
import { jsonResponse } from "./responses";
import type { RestCall } from "./restRoute";
import { predictionsHeader, readVectorBody } from "./vectors";

const parameters = ingestPredictionsInput.pick({ name: true });

/** `POST /predictions?name=`: a line `{"externalIds":[…],"classes":[…]}`, then raw float32 probabilities, item by item. */
export async function postPredictions(call: RestCall<{ id: string }>): Promise<Response> {
  const { name } = parameters.parse({ name: requiredParameter(call.url, "name", "my-model") });
  const { header, data } = await readVectorBody(call.request, predictionsHeader);
  return jsonResponse(await attachPredictions(call, { name, ...header, data }));
}
