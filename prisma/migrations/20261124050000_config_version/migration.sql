-- Counts changes of a project's label configuration. A submit names the one its value was checked against, and is not
-- counted under another.
alter table "label_counter" add column "config_version" integer not null default 1;
