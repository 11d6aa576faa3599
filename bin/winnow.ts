import { writeFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { StrategyError } from "@/strategies";
import { UsageError } from "./cliError";

/** Refusals of what was asked, as opposed to failures while doing it. */
const USAGE_CODES = new Set(["E_OPTIONS", "E_SPEC", "E_UNKNOWN_STRATEGY", "E_BATCH_SIZE", "E_MISSING_ARRAY"]);

const program = new Command("winnow")
  .usage("<command> …")
  .addHelpText("after", "\nFrom a clone: npm run --silent winnow -- <command> …")
  .description("Active learning on files: choose what to label next, compare strategies, replay a round.")
  .showHelpAfterError(false)
  .configureOutput({ outputError: () => undefined })
  .exitOverride();

program
  .command("strategies")
  .argument("[id]", "only this one, with all there is to say about it")
  .description("list the acquisition strategies, one line each")
  .option("--long", "with needs, options, cost and sources")
  .option("--json", "as one JSON object")
  .action(async (id: string | undefined, flags: { long?: boolean; json?: boolean }) => {
    const { listStrategies } = await import("./commands/listStrategies");
    const form = flags.json === true ? "json" : flags.long === true || id !== undefined ? "long" : "short";
    process.stdout.write(listStrategies(form, id));
  });

program
  .command("select")
  .description("pick rows of a pool given as NumPy files and print one JSON object")
  .option(
    "--strategy <id>",
    'an id from `winnow strategies`, or a method for numbers such as "lcmd-p / linear → train"',
  )
  .option("--spec <file>", "a composed spec as JSON, instead of --strategy")
  .option("--options <json>", "options of the strategy")
  .requiredOption("--batch <n>", "rows to pick")
  .requiredOption("--seed <text>", "seed of every random draw")
  .option("--frame-seed <text>", "seed of the audit frame, the same in every round; for specs with an audit share")
  .option("--probabilities <file>", "class probabilities of the pool rows, n × classes")
  .option("--train-probabilities <file>", "the same of the labelled rows, in the order of --train-labels")
  .option("--pool <file>", "features of the pool rows, n × d")
  .option("--train <file>", "features of the labelled rows")
  .option("--train-labels <file>", "class numbers of the labelled rows")
  .option("--head-weights <file>", "last linear layer, d × classes")
  .option("--head-bias <file>", "its bias, one per class")
  .option("--threads <n>", "at most this many threads; this version uses one", "1")
  .option("--out <file>", "write the JSON here instead of printing it")
  .action(async (flags) => {
    if (String(flags.strategy).includes("/")) {
      const { selectByMethod } = await import("./commands/selectByMethod");
      writeResult(await selectByMethod(flags), flags.out);
      return;
    }
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
  .option("--task <kind>", "classes, or regression: the protocol of the benchmark for number labels", "classes")
  .option("--validation <n>", "regression: labelled rows for early stopping, not counted (1024)")
  .option("--splits <pattern>", "regression: files of stored splits, with {split} for the number")
  .option("--network <json>", "regression: options of the network")
  .requiredOption("--out <dir>", "folder for results.json, curves.csv and, for classes, report.html")
  .action(async (flags, command) => {
    if (flags.task === "regression") {
      const { runNumberSimulation } = await import("./commands/runNumberSimulation");
      // The defaults above are those of classes; the protocol has its own.
      const given = (name: string) => (command.getOptionValueSource(name) === "cli" ? flags[name] : undefined);
      const sizes = Object.fromEntries(["initial", "batch", "rounds", "seeds"].map((name) => [name, given(name)]));
      process.stdout.write(
        await runNumberSimulation({ ...flags, ...sizes }, (line) => process.stderr.write(`${line}\n`)),
      );
      return;
    }
    if (flags.task !== "classes") throw new UsageError(`--task takes classes or regression, got "${flags.task}".`);
    const { runSimulation } = await import("./commands/runSimulation");
    process.stdout.write(await runSimulation(flags, (line) => process.stderr.write(`${line}\n`)));
  });

program
  .command("replay")
  .description("select a stored round again and compare it with its manifest, number by number")
  .option("--server <url>", "address of the instance that keeps the round")
  .option("--key <key>", "API key of the project with the scope export")
  .option("--key-file <file>", "file with the key, instead of --key")
  .option("--project <slug or number>", "the project, as in its address, or its number")
  .option("--round <n>", "number of the round")
  .option("--manifest <file>", "manifest of the round, instead of --server")
  .option("--data <dir>", "folder with the manifest's arrays, named by their keys")
  .action(async (flags) => {
    const { replayStored } = await import("./commands/replayStored");
    const report = await replayStored(flags);
    writeResult(report);
    if (!report.isIdentical) process.exitCode = 1;
  });

program
  .command("estimate")
  .description("mean loss of a test frame from draws with known probabilities, with intervals")
  .requiredOption("--draws <file>", "CSV with the columns draw,item,q,loss and, where known, q_min")
  .requiredOption("--pool-size <n>", "items of the frame, drawn or not")
  .option("--control <file>", "CSV with the columns item,g: predicted loss of every item of the frame")
  .option(
    "--metric <name>",
    "mean, accuracy (1 − mean) or ratio (columns numerator,denominator instead of loss)",
    "mean",
  )
  .option("--alpha <share>", "1 − level of the intervals", "0.05")
  .option("--defensive <share>", "share of uniform mass that every draw had; bounds q where q_min is not in the file")
  .option("--json", "as one JSON object")
  .action(async (flags) => {
    const { estimateAsText, estimateFromDraws } = await import("./commands/estimateFromDraws");
    const result = estimateFromDraws(flags);
    process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : estimateAsText(result));
  });

program
  .command("test-plan")
  .description("draw the items to label for testing a model, with their probabilities")
  .requiredOption("--probabilities <file>", "class probabilities of the evaluated model, n × classes")
  .option(
    "--surrogate <file>",
    "class probabilities of another, calibrated model; the evaluated one stands in without it",
  )
  .requiredOption("--loss <name>", "error or logloss")
  .requiredOption("--draws <n>", "items to draw")
  .requiredOption("--seed <text>", "seed of the draws")
  .option("--score <name>", "root or expected; root for error and expected for logloss unless given")
  .option("--defensive <share>", "share of uniform mass in every draw", "0.1")
  .option("--control-out <file>", "write the predicted loss of every item here, for winnow estimate --control")
  .option("--json", "as one JSON object instead of CSV")
  .action(async (flags) => {
    const { planAsCsv, planTest } = await import("./commands/planTest");
    const plan = await planTest(flags);
    process.stdout.write(flags.json === true ? `${JSON.stringify(plan)}\n` : planAsCsv(plan));
  });

program
  .command("model-selector")
  .description("find the best of many models with few labels")
  .requiredOption("--predictions <file>", "class numbers, items × models; −1 for no prediction")
  .requiredOption("--labels <file>", "class numbers, one per item; read only for items that are asked")
  .requiredOption("--classes <n>", "classes of the labels")
  .option("--epsilon <share>", "auto, or a number up to 0.5", "0.42")
  .requiredOption("--budget <n>", "labels to spend")
  .requiredOption("--seed <text>", "seed of ties and draws")
  .option("--method <name>", "model-selector, coda, vma, amc, entropy, margin or random", "model-selector")
  .option("--ties <rule>", "seeded or lowest", "seeded")
  .option("--cluster", "select among one model of each group that agrees on more than 99.5 % of the items")
  .option("--realisations <n>", "instead of one run, how often the best model is found over this many random pools")
  .option("--pool <n>", "items of each random pool")
  .option("--json", "as one JSON object")
  .action(async (flags) => {
    const { selectionAsText, selectModel } = await import("./commands/selectModel");
    const result = await selectModel(flags);
    process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : selectionAsText(result));
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

// A reader such as `head` that has enough ends the pipe; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  // Commander takes a call without a command for a mistake; here it asks what there is.
  if (process.argv.length <= 2) program.help();
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
