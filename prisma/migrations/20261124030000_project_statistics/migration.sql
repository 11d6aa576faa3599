-- A project that is newer than the statistics of a table is estimated at one row there. Every index that begins with
-- project_id then looks equally good, and a lookup of one external id may read the whole project: importing a second
-- project took minutes. Without statistics on project_id a project counts as one two-hundredth of the table, and the
-- index that has the other column wins, for old and new projects alike.
do $$
declare
  t record;
begin
  for t in
    select c.relname, a.attname
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind in ('r', 'p') and a.attname = 'project_id' and not a.attisdropped
  loop
    execute format('alter table %I alter column project_id set statistics 0', t.relname);
    -- What was gathered before stays otherwise. The function came with PostgreSQL 18.
    if exists (select from pg_proc where proname = 'pg_clear_attribute_stats') then
      execute 'select pg_clear_attribute_stats($1, $2, $3, false)' using current_schema()::text, t.relname::text, 'project_id';
    end if;
  end loop;
end $$;
