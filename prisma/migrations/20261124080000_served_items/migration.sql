-- Whether somebody was ever given an item: asked before a flag or a draft of theirs is taken.
CREATE INDEX "lease_grant_project_id_row_user_id_idx" ON "lease_grant" ("project_id", "row", "user_id");
