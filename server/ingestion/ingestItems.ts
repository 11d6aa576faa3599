import type { RowError } from "@/contracts/errors";
import type { IngestResult } from "@/contracts/ingestion";
import { LIMITS } from "@/contracts/limits";
import { appendAuditLog } from "../audit";
import { withTransaction } from "../db";
import { AppError } from "../errors";
import { refuseArchived } from "../projects";
import { checkItem } from "./checkItem";
import type { IngestContext } from "./ingestContext";
import type { ItemCandidate } from "./itemCandidate";
import { defaultExternalId } from "./itemCandidate";
import { requestAfterIngest } from "./requestAfterIngest";
import type { RowIssue } from "./rowIssue";
import { excerptOfValue, RowRefused, toRowError } from "./rowIssue";
import { writeItems } from "./writeItems";

/** Row errors that an atomic refusal lists. */
const ERRORS_LISTED = 100;

export interface IngestItemsInput {
  mode: "atomic" | "rowByRow";
  /** Not checked yet: each refusal names its row. */
  items: readonly unknown[];
}

/**
 * Adds a batch of items in one transaction. atomic: one bad row refuses all (E_BAD_ROWS lists them) and changes
 * nothing; rowByRow: good rows are taken, bad ones reported. Idempotent by external id, so a call whose answer was lost
 * can be sent again. Asks for indexing and features of what is new.
 * @throws E_BAD_ROWS, E_TOO_LARGE, E_CONFLICT in an archived project.
 */
export async function ingestItems(ctx: IngestContext, input: IngestItemsInput): Promise<IngestResult> {
  const { db, clock, actor, project } = ctx;
  refuseArchived(project);
  const checked = checkAll(ctx, input.items);
  const refuse = (errors: RowError[]): never => {
    throw badRows(errors, input.items.length);
  };
  if (input.mode === "atomic" && checked.errors.length > 0) refuse(checked.errors);
  const errorsOf = (issues: readonly (RowIssue | undefined)[]): RowError[] =>
    issues.flatMap((issue, i) => {
      const { line } = checked.candidates[i];
      return issue ? [toRowError(line, issue, excerptOfValue(input.items[line]))] : [];
    });
  return withTransaction(db, async (tx) => {
    const written = await writeItems(tx, checked.candidates, {
      projectId: project.id,
      source: actor.kind === "key" ? "key" : "import",
      importRun: null,
      unknownLabel: "refuseRow",
      now: clock.now(),
      actor,
      onIssues: (issues) => {
        if (input.mode === "atomic" && issues.some(Boolean)) refuse(errorsOf(issues));
      },
    });
    const { inserted, existing, duplicates, labels } = written;
    if (inserted > 0) {
      await requestAfterIngest(tx, clock, project.id);
      await appendAuditLog(tx, {
        actor,
        projectId: project.id,
        action: "ingest.items",
        details: { inserted, existing, duplicates, labels },
        at: clock.now(),
      });
    }
    const rows: (number | null)[] = input.items.map(() => null);
    checked.candidates.forEach((candidate, i) => {
      rows[candidate.line] = written.rows[i];
    });
    const errors = [...checked.errors, ...errorsOf(written.issues)].sort((a, b) => a.line - b.line);
    return { inserted, existing, duplicates, labels, rows, errors };
  });
}

function checkAll(
  { project }: IngestContext,
  items: readonly unknown[],
): { candidates: ItemCandidate[]; errors: RowError[] } {
  const candidates: ItemCandidate[] = [];
  const errors: RowError[] = [];
  const occurrences = new Map<string, number>();
  let bytes = 0;
  items.forEach((item, line) => {
    try {
      const candidate = checkItem(project.contentKind, line, item);
      if (candidate.externalId === "") {
        const n = (occurrences.get(candidate.hash) ?? 0) + 1;
        occurrences.set(candidate.hash, n);
        candidate.externalId = defaultExternalId(candidate.hash, n);
      }
      bytes += candidate.bytes;
      candidates.push(candidate);
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
      errors.push(toRowError(line, error.issue, excerptOfValue(item)));
    }
  });
  if (bytes > LIMITS.ingestBytes) {
    throw new AppError(
      "E_TOO_LARGE",
      `The items hold ${bytes} bytes; a call takes at most ${LIMITS.ingestBytes}. Send them in several calls.`,
      { details: { bytes, bytesMax: LIMITS.ingestBytes } },
    );
  }
  return { candidates, errors };
}

function badRows(errors: RowError[], n: number): AppError {
  const [first] = errors;
  const where = first.field === undefined ? "" : `, field "${first.field}"`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more bad rows)` : "";
  return new AppError(
    "E_BAD_ROWS",
    `Nothing was added: row ${first.line} of ${n} (counted from 0)${where}: ${first.message}${more} Mend the rows, or send them with mode "rowByRow" to take the good ones.`,
    {
      details: {
        field: `items.${first.line}${first.field === undefined ? "" : `.${first.field}`}`,
        nErrors: errors.length,
        errors: errors.slice(0, ERRORS_LISTED),
      },
    },
  );
}
