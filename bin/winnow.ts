import { writeFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { StrategyError } from "@/strategies";
import { UsageError } from "./cliError";

/** Refusals of what was asked, as opposed to failures while doing it. */
const USAGE_CODES = new Set(["E_OPTIONS", "E_SPEC", "E_UNKNOWN_STRATEGY", "E_BATCH_SIZE", "E_MISSING_ARRAY"]);

const program = new Command("winnow")
  .description("Active learning on files: choose what to label next, compare strategies, replay a round.")
  .showHelpAfterError(false)
  .configureOutput({ outputError: () => undefined })
  .exitOverride();

program
  .command("strategies")
  .description("list the acquisition strategies with their needs, options and sources")
  .option("--json", "as one JSON object")
  .action(async (flags: { json?: boolean }) => {
    const { listStrategies } = await import("./commands/listStrategies");
    process.stdout.write(listStrategies(flags.json === true));
  });

program
  .command("select")
  .description("pick rows of a pool given as NumPy files and print one JSON object")
  .option("--strategy <id>", "an id from `winnow strategies`")
  .option("--spec <file>", "a composed spec as JSON, instead of --strategy")
  .option("--options <json>", "options of the strategy")
  .requiredOption("--batch <n>", "rows to pick")
  .requiredOption("--seed <text>", "seed of every random draw")
  .option("--frame-seed <text>", "seed of the audit frame, the same in every round; for specs with an audit share")
  .option("--probabilities <file>", "class probabilities of the pool rows, n × classes")
  .option("--pool <file>", "features of the pool rows, n × d")
  .option("--train <file>", "features of the labelled rows")
  .option("--train-labels <file>", "class numbers of the labelled rows")
  .option("--head-weights <file>", "last linear layer, d × classes")
  .option("--head-bias <file>", "its bias, one per class")
  .option("--threads <n>", "at most this many threads; this version uses one", "1")
  .option("--out <file>", "write the JSON here instead of printing it")
  .action(async (flags) => {
    const { selectRows } = await import("./commands/selectRows");
    writeResult(await selectRows(flags), flags.out);
  });

program
  .command("simulate")
  .description("compare strategies on a fully labelled data set with paired seeds")
  .requiredOption("--data <file>", "CSV, TSV, svmlight or NumPy file; .gz is read too")
  .option("--target <column>", "name or number of the label column; for .npy a number or a second .npy file")
  .requiredOption("--strategies <list>", "ids or spec files (.json), separated by commas")
  .option("--initial <n>", "labelled rows at the start", "20")
  .option("--batch <n>", "rows labelled per round", "20")
  .option("--rounds <n>", "rounds after the start", "30")
  .option("--seeds <n>", "repetitions; every strategy gets the same splits and starts", "10")
  .option("--model <name>", "softmax or mlp", "softmax")
  .option("--text <column>", "column of texts to turn into features")
  .option("--test-share <share>", "share of the rows held out for measuring", "0.3")
  .option("--no-header", "the CSV has no header line; columns are numbers from 0")
  .option("--seed <text>", "base of all seeds", "winnow")
  .requiredOption("--out <dir>", "folder for results.json, curves.csv and report.html")
  .action(async (flags) => {
    const { runSimulation } = await import("./commands/runSimulation");
    process.stdout.write(await runSimulation(flags, (line) => process.stderr.write(`${line}\n`)));
  });

program
  .command("replay")
  .description("select a stored round again and compare it with its manifest, number by number")
  .requiredOption("--manifest <file>", "manifest of the round")
  .requiredOption("--data <dir>", "folder with the manifest's arrays, named by their keys")
  .action(async (flags: { manifest: string; data: string }) => {
    const { replayFromFiles } = await import("./commands/replayFromFiles");
    const report = await replayFromFiles(flags.manifest, flags.data);
    writeResult(report);
    if (!report.isIdentical) process.exitCode = 1;
  });

function writeResult(value: unknown, path?: string): void {
  const text = `${JSON.stringify(value)}\n`;
  if (path === undefined) process.stdout.write(text);
  else {
    try {
      writeFileSync(path, text);
    } catch (error) {
      throw new UsageError(
        `--out: ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
  }
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version end here too, with code 0.
    if (error.exitCode !== 0) process.stderr.write(`winnow: ${error.message.replace(/^error: /, "")}\n`);
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const isUsage = error instanceof UsageError || (error instanceof StrategyError && USAGE_CODES.has(error.code));
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`winnow: ${message.replace(/\s*\n\s*/g, " ")}\n`);
    process.exitCode = isUsage ? 2 : 1;
  }
}
