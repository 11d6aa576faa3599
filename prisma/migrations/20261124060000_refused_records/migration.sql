-- The refused record itself, so that a file of refused records can be mended and imported again: JSON of its values by
-- column. Null for records that could not be told into columns, and for errors stored before this.
alter table "import_error" add column "record" text;
