-- Copies that are resolved by labels of their own are taken out of the totals that every answer brings back.
CREATE INDEX "item_resolved_copies" ON "item" ("project_id")
  WHERE "duplicate_of" IS NOT NULL AND "status" = 'resolved' AND "deleted_at" IS NULL;
