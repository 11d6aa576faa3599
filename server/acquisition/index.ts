/** The door for every process: nothing here loads what computes; the job does. */
export { openRoundArray, type RoundView, readRound, readRoundManifest } from "./readRound";
export { AUDIT_FRAME_SHARE, frameSeedOf } from "./strategySpec";
