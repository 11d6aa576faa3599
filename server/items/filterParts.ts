import type { ItemFilter } from "@/contracts/items";
import { getTaskType } from "@/task-types/registry";
import { AppError } from "../errors";
import type { ProjectRow } from "../projects";
import type { Params } from "./params";
import { searchQuery } from "./searchQuery";

/**
 * One condition of a filter, as SQL in two forms. `check` tests the item `i`. `set`, where an index can give it, yields
 * all rows (perhaps repeated) that meet the condition: when these are few, a list starts from them; when they are many,
 * a walk through the items in order meets one soon. Which of the two it is, listItems finds out by counting up to a cap,
 * so the speed of lists does not hang on the planner's guesses.
 */
export interface FilterPart {
  check: (p: Params) => string;
  set?: (p: Params) => string;
  /** The set comes from an inverted index, which gives all rows or none: see countSet. */
  isInverted?: true;
}

/** An annotation that was not withdrawn. */
const STANDS = `not exists (select 1 from annotation r where r.project_id = a.project_id and r.supersedes = a.seq)`;
const OF_ITEM = "a.project_id = i.project_id and a.row = i.row";

const isOrIsNot = (wanted: boolean, condition: string): string => (wanted ? condition : `not (${condition})`);

type Compiler<K extends keyof ItemFilter> = (
  value: NonNullable<ItemFilter[K]>,
  project: ProjectRow,
) => FilterPart | undefined;

/** One line of meaning per filter; what is not here cannot be filtered by. */
const COMPILERS: { [K in keyof Required<ItemFilter>]: Compiler<K> } = {
  search(text, project) {
    if (text.includes("\0")) {
      throw new AppError("E_BAD_INPUT", "search: the text holds U+0000, which no item can hold. Remove it.", {
        details: { field: "filter.search" },
      });
    }
    const query = searchQuery(text);
    if (query === undefined) return undefined;
    return {
      // "is true" keeps the inverted index out: here one item at a time is tested.
      check: (p) => `(i.external_id = ${p.add(text)} or exists (select 1 from item_search s
        where s.project_id = i.project_id and s.row = i.row and (s.document @@ to_tsquery('simple', ${p.add(query)})) is true))`,
      set: (p) => `select row from item_search
          where project_id = ${p.add(project.id)} and document @@ to_tsquery('simple', ${p.add(query)})
        union all select row from item where project_id = ${p.add(project.id)} and external_id = ${p.add(text)}`,
      isInverted: true,
    };
  },
  status: (statuses, project) => ({
    check: (p) => `i.status = any(${p.add(statuses)}::text[])`,
    set: (p) => `select row from item
        where project_id = ${p.add(project.id)} and status = any(${p.add(statuses)}::text[]) and deleted_at is null`,
  }),
  label(ids, project) {
    const taskType = getTaskType(project.taskType);
    const values = ids
      .map((id) => taskType.parseLabel(project.taskConfig, id))
      .filter((value) => value !== undefined)
      .map((value) => JSON.stringify(value));
    return {
      check: (p) => `(i.consensus = any(${p.add(values)}::jsonb[]) or exists (select 1 from annotation a
        where ${OF_ITEM} and a.kind = 'label' and a.value = any(${p.add(values)}::jsonb[]) and ${STANDS}))`,
      set: (p) => `select c.row from unnest(${p.add(values)}::jsonb[]) as v(value) cross join lateral (
          select i.row from item i where i.project_id = ${p.add(project.id)} and i.deleted_at is null
             and jsonb_hash(i.consensus) = jsonb_hash(v.value) and i.consensus = v.value
          union all
          select a.row from annotation a where a.project_id = ${p.add(project.id)} and a.kind = 'label'
             and jsonb_hash(a.value) = jsonb_hash(v.value) and a.value = v.value and ${STANDS}) c`,
    };
  },
  annotatorId: (id, project) => ({
    check: (p) => `exists (select 1 from annotation a
        where ${OF_ITEM} and a.kind = 'label' and a.annotator_id = ${p.add(id)} and ${STANDS})`,
    set: (p) => `select a.row from annotation a
        where a.project_id = ${p.add(project.id)} and a.annotator_id = ${p.add(id)} and a.kind = 'label' and ${STANDS}`,
  }),
  purpose: (purposes, project) => ({
    check: (p) => `exists (select 1 from queue_entry e where e.project_id = i.project_id and e.row = i.row
        and e.purpose = any(${p.add(purposes)}::text[]) and e.state <> 'superseded')`,
    set: (p) => `select row from queue_entry where project_id = ${p.add(project.id)}
        and purpose = any(${p.add(purposes)}::text[]) and state <> 'superseded'`,
  }),
  round: (round, project) => ({
    check: (p) => `exists (select 1 from queue_entry e
        where e.project_id = i.project_id and e.row = i.row and e.round = ${p.add(round)})`,
    set: (p) => `select row from queue_entry where project_id = ${p.add(project.id)} and round = ${p.add(round)}`,
  }),
  importRun: (number, project) => ({
    check: (p) => `i.import_run = ${p.add(number)}`,
    set: (p) => `select row from item where project_id = ${p.add(project.id)} and import_run = ${p.add(number)}`,
  }),
  flagged: (wanted, project) => ({
    check: () =>
      isOrIsNot(
        wanted,
        "exists (select 1 from flag f where f.project_id = i.project_id and f.row = i.row and f.resolved_at is null)",
      ),
    set: wanted
      ? (p) => `select row from flag where project_id = ${p.add(project.id)} and resolved_at is null`
      : undefined,
  }),
  duplicates: (wanted, project) => ({
    check: () => isOrIsNot(wanted, "i.duplicate_of is not null"),
    set: wanted
      ? (p) => `select row from item where project_id = ${p.add(project.id)} and duplicate_of is not null`
      : undefined,
  }),
  disagreement: (wanted, project) => ({
    check: () => isOrIsNot(wanted, "coalesce(i.agreement, 1) < 1"),
    set: wanted
      ? (p) => `select row from item where project_id = ${p.add(project.id)} and agreement < 1 and deleted_at is null`
      : undefined,
  }),
  labelled: (wanted, project) => ({
    check: () => (wanted ? "i.n_labels > 0" : "i.n_labels = 0"),
    set: wanted
      ? (p) => `select row from item where project_id = ${p.add(project.id)} and n_labels > 0 and deleted_at is null`
      : undefined,
  }),
  late: (wanted, project) => ({
    check: () => isOrIsNot(wanted, `exists (select 1 from annotation a where ${OF_ITEM} and a.is_late and ${STANDS})`),
    set: wanted
      ? (p) => `select a.row from annotation a where a.project_id = ${p.add(project.id)} and a.is_late and ${STANDS}`
      : undefined,
  }),
};

/** The conditions of a filter, in no particular order; an empty list of choices means "any". */
export function filterParts(filter: ItemFilter, project: ProjectRow): FilterPart[] {
  return (Object.keys(COMPILERS) as (keyof ItemFilter)[]).flatMap((name) => {
    const value = filter[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
    const part = (COMPILERS[name] as Compiler<typeof name>)(value, project);
    return part ? [part] : [];
  });
}
