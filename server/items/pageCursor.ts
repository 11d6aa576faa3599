import { z } from "zod";
import type { listItemsInput } from "@/contracts/items";
import { AppError } from "../errors";

export type ItemSort = z.output<typeof listItemsInput>["sort"];
export type Direction = z.output<typeof listItemsInput>["direction"];

/** The place behind which a page goes on: the sort it belongs to, and the keys of the last row. */
const cursorSchema = z.tuple([
  z.enum(["row", "recentlyLabelled", "agreement"]),
  z.enum(["asc", "desc"]),
  z.number(),
  z.int(),
]);

/** Sort key and row of the last item of a page; the key of sort "row" is the row. */
export interface PagePlace {
  key: number;
  row: number;
}

export function writeCursor(sort: ItemSort, direction: Direction, { key, row }: PagePlace): string {
  return Buffer.from(JSON.stringify([sort, direction, key, row])).toString("base64url");
}

/** @throws E_BAD_INPUT for a cursor that was changed or belongs to another sort. */
export function readCursor(cursor: string, sort: ItemSort, direction: Direction): PagePlace {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    // The schema below refuses it with the same words as any other damaged cursor.
    json = undefined;
  }
  const parsed = cursorSchema.safeParse(json);
  if (!parsed.success || parsed.data[0] !== sort || parsed.data[1] !== direction) {
    throw new AppError(
      "E_BAD_INPUT",
      "cursor: expected the nextCursor of an earlier page with the same sort and direction, unchanged.",
      { details: { field: "cursor" } },
    );
  }
  return { key: parsed.data[2], row: parsed.data[3] };
}
