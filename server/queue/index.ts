export {
  nextGeneration,
  type RoundEntries,
  type RoundPick,
  type WrittenRound,
  writeRoundEntries,
} from "./writeRoundEntries";
