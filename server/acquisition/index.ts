/** The door for every process: nothing here loads what computes; the job does. */
export { readGuidance } from "./readGuidance";
export { openRoundArray, type RoundView, readRound, readRoundManifest } from "./readRound";
export { requestPreview } from "./requestPreview";
export { AUDIT_FRAME_SHARE, frameSeedOf } from "./strategySpec";
