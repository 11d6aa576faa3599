export { answerHealth } from "./health";
export { errorResponse, jsonResponse, type RestCall, type RestHandler, restRoute } from "./restRoute";
