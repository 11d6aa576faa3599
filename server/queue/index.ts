export { announceSoon } from "./announceSoon";
export { readHeldItem } from "./claimedItem";
export { type ClaimRequest, claimNext } from "./claimNext";
export { distinctItems, distinctResolved, resolvedCopies } from "./distinctItems";
export { leaseForCorrection } from "./leaseForCorrection";
export { readProgress } from "./progress.db";
export { type QueueContext, requireAnnotator, utcDay } from "./queueContext";
export { readQueueStatus } from "./readQueueStatus";
export { leaveLeases, releaseAll, releaseLeases } from "./releaseLeases";
export { renewLeases } from "./renewLeases";
export { requestRefill } from "./requestRefill";
export {
  nextGeneration,
  type RoundEntries,
  type RoundPick,
  type WrittenRound,
  writeRoundEntries,
} from "./writeRoundEntries";
