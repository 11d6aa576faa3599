-- What the data browser, ingestion and the error list of imports need beyond the first migration.

-- Lists in row order for filters that few items meet.
CREATE INDEX "item_labelled" ON "item" ("project_id", "row") WHERE "n_labels" > 0 AND "deleted_at" IS NULL;
CREATE INDEX "item_duplicates" ON "item" ("project_id", "duplicate_of", "row") WHERE "duplicate_of" IS NOT NULL;
-- Items of one import; rows of an import come in order, so this index is appended to.
CREATE INDEX "item_import_run" ON "item" ("project_id", "import_run", "row") WHERE "import_run" IS NOT NULL;
-- Values are JSON of any size, so equality is found by hash and then checked.
CREATE INDEX "item_consensus" ON "item" ("project_id", jsonb_hash("consensus"), "row")
  WHERE "consensus" IS NOT NULL AND "deleted_at" IS NULL;
CREATE INDEX "annotation_value" ON "annotation" ("project_id", jsonb_hash("value"), "row") WHERE "kind" = 'label';
CREATE INDEX "annotation_late" ON "annotation" ("project_id", "row") WHERE "is_late";
CREATE INDEX "flag_open" ON "flag" ("project_id", "row") WHERE "resolved_at" IS NULL;

-- Several errors can stand on one line (a JSON list without line breaks), so errors are numbered.
ALTER TABLE "import_error" DROP CONSTRAINT "import_error_pkey";
ALTER TABLE "import_error" ADD COLUMN "number" INTEGER NOT NULL;
ALTER TABLE "import_error" ADD CONSTRAINT "import_error_pkey" PRIMARY KEY ("project_id", "import_run", "number");
