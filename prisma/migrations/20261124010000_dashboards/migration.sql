-- Throughput and "labels in the last hour" read by time.
CREATE INDEX "annotation_project_id_at_idx" ON "annotation"("project_id", "at");
