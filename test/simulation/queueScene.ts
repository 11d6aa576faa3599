import type { Purpose } from "@/contracts/items";
import type { ClaimedItem } from "@/contracts/queue";
import type { QueueContext } from "@/server/queue";
import type { MadeUser, ProjectOptions } from "../harness/factories";
import { makeItems, makeMember, makeProject, makeQueueEntries, makeUser } from "../harness/factories";
import type { QueueWorld } from "./queueContextFor";
import { claim, queueContextFor } from "./queueContextFor";

export interface QueueSceneOptions extends ProjectOptions {
  /** Annotators, besides the lead. */
  people?: number;
  items?: number;
  purpose?: Purpose;
}

export interface QueueScene {
  projectId: number;
  users: MadeUser[];
  /** Contexts of the users, in order. */
  people: QueueContext[];
  rows: number[];
}

/** A project of labels a, b and c with annotators, and items that all stand in the queue in order of their rows. */
export async function makeQueueScene(world: QueueWorld, options: QueueSceneOptions = {}): Promise<QueueScene> {
  const { people: nPeople = 3, items = 3, overlap = 1, purpose = "train" } = options;
  const project = await makeProject(world.db, { leaseSeconds: 60, labels: ["a", "b", "c"], ...options });
  const rows = await makeItems(world.db, project.id, items);
  await makeQueueEntries(
    world.db,
    project.id,
    rows.flatMap((row) =>
      Array.from({ length: overlap }, (_, slot) => ({ row, slot, priority: row, score: row / 10, purpose })),
    ),
  );
  const users: MadeUser[] = [];
  for (let i = 0; i < nPeople; i++) {
    const user = await makeUser(world.db);
    await makeMember(world.db, project.id, user.id, "annotator");
    users.push(user);
  }
  const people = await Promise.all(users.map((user) => queueContextFor(world, project.id, user)));
  return { projectId: project.id, users, people, rows };
}

/** Claims one item that must be there. */
export async function takeItem(ctx: QueueContext): Promise<ClaimedItem> {
  const { entries, status } = await claim(ctx, 1);
  if (!entries[0]) throw new Error(`expected an item, got status ${status}`);
  return entries[0];
}
