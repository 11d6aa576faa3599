/**
 * A program that fills a project, sees how far it is and takes the labels out, with the types of the server's router.
 *
 *   npx tsx examples/client.ts http://127.0.0.1:4300 1 wnw_…
 *
 * The key needs the scopes ingest, read and export.
 */
import { pathToFileURL } from "node:url";
import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import type { WireError } from "../contracts/errors";
import { plainJson } from "../contracts/wire";
import type { AppRouter } from "../server/api/root";

export function createClient(url: string, key: string) {
  return createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${url}/api/trpc`,
        headers: { authorization: `Bearer ${key}` },
        transformer: plainJson,
      }),
    ],
  });
}

/** What the server said about a failed call; undefined when it never answered. */
export function wireErrorOf(error: unknown): WireError | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  return (error.data as { winnow?: WireError } | null)?.winnow;
}

export async function run(url: string, projectId: number, key: string, print: (line: string) => void): Promise<void> {
  const client = createClient(url, key);
  const project = await client.project.get.query({ projectId });
  print(`project "${project.name}" asks for ${project.taskType}`);

  const items = [
    { externalId: "example-1", content: { text: "You have won a prize, call now" } },
    { externalId: "example-2", content: { text: "See you at eight" }, meta: { from: "Ada" } },
  ];
  const first = await client.ingest.items.mutate({ projectId, items });
  print(`added ${first.inserted} items as rows ${first.rows.join(", ")}`);
  const again = await client.ingest.items.mutate({ projectId, items });
  print(`sent again: ${again.inserted} added, ${again.existing} were there`);

  // rowByRow takes what fits and says of the rest which row and field and why.
  const mixed = await client.ingest.items.mutate({
    projectId,
    mode: "rowByRow",
    items: [
      { externalId: "example-3", content: { text: "Lunch?" } },
      { externalId: "example-4", content: { text: "" } },
    ],
  });
  for (const error of mixed.errors) print(`row ${error.line} refused at ${error.field ?? "?"}: ${error.message}`);

  let cursor: string | undefined;
  let nListed = 0;
  do {
    const page = await client.item.list.query({ projectId, cursor, limit: 100 });
    nListed += page.rows.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  print(`the project holds ${nListed} items`);

  const overview = await client.dashboard.overview.query({ projectId });
  print(`${overview.nLabels} labels; the model was trained on ${overview.model?.nTrain ?? 0}`);

  try {
    await client.project.setStatus.mutate({ projectId, status: "paused" });
  } catch (error) {
    print(`pausing: ${wireErrorOf(error)?.code}`);
  }

  const answer = await fetch(`${url}/api/v1/projects/${projectId}/export?format=jsonl&what=items`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  print(`exported ${lines.length} lines`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [url, projectId, key] = process.argv.slice(2);
  if (!key) throw new Error("Usage: npx tsx examples/client.ts <address of the instance> <project number> <API key>");
  await run(url.replace(/\/+$/, ""), Number(projectId), key, (line) => console.log(line));
}
