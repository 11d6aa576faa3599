import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { AppError } from "@/server/errors";

/** A real data set that ships with the project. Its labels stay hidden from people and models until asked. */
export interface DemoDataset {
  id: string;
  title: string;
  description: string;
  file: string;
  nItems: number;
  nClasses: number;
  source: string;
  licence: string;
  guidelines: string;
  /** Title of a class, from the id in the file. */
  titleOf(label: string): string;
  /** Entries a round serves, and labels between two trainings: sized so that a curve shows within a few minutes. */
  batchSize: number;
  everyLabels: number;
  minLabels: number;
}

export interface DemoItem {
  id: string;
  text: string;
  label: string;
}

export const DEMO_DATASETS: readonly DemoDataset[] = [
  {
    id: "banking77",
    title: "Banking77: customer intents",
    description: "13,083 questions to a bank's support, each about one of 77 things.",
    file: "banking77.jsonl.gz",
    nItems: 13_083,
    nClasses: 77,
    source:
      "Casanueva et al. 2020, Efficient Intent Detection with Dual Sentence Encoders (PolyAI-LDN/task-specific-datasets)",
    licence: "CC BY 4.0",
    guidelines:
      "# What does the customer want?\n\nChoose the **one** intent that an agent would have to answer first.\n\n- Type `/` and a few letters to find an intent, then `Enter`.\n- Two intents in one message: take the one asked about last.\n- Not sure after ten seconds? Skip it with `s` and say why.\n",
    titleOf: (label) => capitalise(label.replaceAll("_", " ")),
    batchSize: 100,
    everyLabels: 50,
    minLabels: 100,
  },
  {
    id: "sms-spam",
    title: "SMS spam",
    description: "5,574 text messages, 13 % of them spam.",
    file: "sms-spam.jsonl.gz",
    nItems: 5_574,
    nClasses: 2,
    source: "Almeida, Gómez Hidalgo, Yamakami 2011, SMS Spam Collection (UCI Machine Learning Repository)",
    licence: "CC BY 4.0",
    guidelines:
      "# Is this message spam?\n\n**Spam** sells, baits or tricks: prizes, premium numbers, subscriptions nobody asked for. Everything a person wrote to a person is **ham**.\n",
    titleOf: capitalise,
    batchSize: 50,
    everyLabels: 20,
    minLabels: 20,
  },
];

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function getDemoDataset(id: string): DemoDataset {
  const found = DEMO_DATASETS.find((d) => d.id === id);
  if (!found) {
    const known = DEMO_DATASETS.map((d) => d.id).join(", ");
    throw new AppError("E_NOT_FOUND", `There is no demonstration data set "${id}". Known ones: ${known}.`);
  }
  return found;
}

/** Reads a bundled data set whole (under 2 MB inflated). The folder is resolved from the project's root. */
export async function readDemoItems(dataset: DemoDataset): Promise<DemoItem[]> {
  const path = join(process.cwd(), "server/demo/data", dataset.file);
  const text = gunzipSync(await readFile(path)).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as DemoItem);
}
