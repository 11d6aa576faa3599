-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_verified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "role" TEXT NOT NULL DEFAULT 'member',
    "is_simulated" BOOLEAN NOT NULL DEFAULT false,
    "disabled_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "ip_address" TEXT,
    "user_agent" TEXT,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "access_token" TEXT,
    "refresh_token" TEXT,
    "id_token" TEXT,
    "access_token_expires_at" TIMESTAMPTZ,
    "refresh_token_expires_at" TIMESTAMPTZ,
    "scope" TEXT,
    "password" TEXT,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verification" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limit" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "last_request" BIGINT NOT NULL,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instance_setting" (
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "instance_setting_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "invitation" (
    "id" UUID NOT NULL,
    "token_hash" TEXT NOT NULL,
    "email" TEXT,
    "instance_role" TEXT NOT NULL DEFAULT 'member',
    "project_id" INTEGER,
    "project_role" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "accepted_at" TIMESTAMPTZ,
    "accepted_by" TEXT,
    "revoked_at" TIMESTAMPTZ,

    CONSTRAINT "invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" BIGSERIAL NOT NULL,
    "project_id" INTEGER,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT,
    "action" TEXT NOT NULL,
    "target" TEXT,
    "details" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "project" (
    "id" SERIAL NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "task_type" TEXT NOT NULL,
    "task_config" JSONB NOT NULL,
    "content_kind" TEXT NOT NULL,
    "guidelines" TEXT NOT NULL DEFAULT '',
    "guidelines_version" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL DEFAULT 'active',
    "overlap" INTEGER NOT NULL DEFAULT 1,
    "lease_seconds" INTEGER NOT NULL DEFAULT 600,
    "prefetch" INTEGER NOT NULL DEFAULT 5,
    "suggestion_policy" TEXT NOT NULL DEFAULT 'show',
    "audit_share" DOUBLE PRECISION NOT NULL DEFAULT 0.1,
    "strategy_spec" JSONB NOT NULL,
    "retrain_policy" JSONB NOT NULL,
    "feature_spec" JSONB NOT NULL,
    "trainer_spec" JSONB NOT NULL,
    "seed" TEXT NOT NULL,
    "active_model_version" INTEGER,
    "active_feature_version" INTEGER,
    "pinned_model_version" INTEGER,
    "demo" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "deleted_at" TIMESTAMPTZ,

    CONSTRAINT "project_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "label_counter" (
    "project_id" INTEGER NOT NULL,
    "label_seq" INTEGER NOT NULL DEFAULT 0,
    "n_labels" INTEGER NOT NULL DEFAULT 0,
    "n_resolved" INTEGER NOT NULL DEFAULT 0,
    "n_skips" INTEGER NOT NULL DEFAULT 0,
    "n_open_flags" INTEGER NOT NULL DEFAULT 0,
    "n_audit_labels" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "label_counter_pkey" PRIMARY KEY ("project_id")
);

-- CreateTable
CREATE TABLE "row_counter" (
    "project_id" INTEGER NOT NULL,
    "next_row" INTEGER NOT NULL DEFAULT 0,
    "n_items" INTEGER NOT NULL DEFAULT 0,
    "n_duplicates" INTEGER NOT NULL DEFAULT 0,
    "searched_through" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "row_counter_pkey" PRIMARY KEY ("project_id")
);

-- CreateTable
CREATE TABLE "series_counter" (
    "project_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "value" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "series_counter_pkey" PRIMARY KEY ("project_id","name")
);

-- CreateTable
CREATE TABLE "project_member" (
    "project_id" INTEGER NOT NULL,
    "user_id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "frozen_at" TIMESTAMPTZ,

    CONSTRAINT "project_member_pkey" PRIMARY KEY ("project_id","user_id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" UUID NOT NULL,
    "project_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ,
    "expires_at" TIMESTAMPTZ,
    "revoked_at" TIMESTAMPTZ,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "item" (
    "project_id" INTEGER NOT NULL,
    "row" INTEGER NOT NULL,
    "external_id" TEXT NOT NULL,
    "content_hash" BYTEA NOT NULL,
    "duplicate_of" INTEGER,
    "status" TEXT NOT NULL DEFAULT 'open',
    "n_labels" INTEGER NOT NULL DEFAULT 0,
    "n_skips" INTEGER NOT NULL DEFAULT 0,
    "consensus" JSONB,
    "agreement" DOUBLE PRECISION,
    "import_run" INTEGER,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolved_at" TIMESTAMPTZ,
    "deleted_at" TIMESTAMPTZ,

    CONSTRAINT "item_pkey" PRIMARY KEY ("project_id","row")
);

-- CreateTable
CREATE TABLE "item_content" (
    "project_id" INTEGER NOT NULL,
    "row" INTEGER NOT NULL,
    "content" JSONB NOT NULL,
    "meta" JSONB,
    "truth" JSONB,

    CONSTRAINT "item_content_pkey" PRIMARY KEY ("project_id","row")
);

-- CreateTable
CREATE TABLE "item_search" (
    "project_id" INTEGER NOT NULL,
    "row" INTEGER NOT NULL,
    "document" tsvector NOT NULL,

    CONSTRAINT "item_search_pkey" PRIMARY KEY ("project_id","row")
);

-- CreateTable
CREATE TABLE "import_run" (
    "project_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "job_run_id" UUID,
    "file_name" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "blob_key" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "mapping" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "n_read" INTEGER NOT NULL DEFAULT 0,
    "n_inserted" INTEGER NOT NULL DEFAULT 0,
    "n_existing" INTEGER NOT NULL DEFAULT 0,
    "n_duplicates" INTEGER NOT NULL DEFAULT 0,
    "n_labels" INTEGER NOT NULL DEFAULT 0,
    "n_errors" INTEGER NOT NULL DEFAULT 0,
    "checkpoint" JSONB NOT NULL DEFAULT '{}',
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ,

    CONSTRAINT "import_run_pkey" PRIMARY KEY ("project_id","number")
);

-- CreateTable
CREATE TABLE "import_error" (
    "project_id" INTEGER NOT NULL,
    "import_run" INTEGER NOT NULL,
    "line" INTEGER NOT NULL,
    "code" TEXT NOT NULL,
    "field" TEXT,
    "message" TEXT NOT NULL,
    "excerpt" TEXT NOT NULL,

    CONSTRAINT "import_error_pkey" PRIMARY KEY ("project_id","import_run","line","code")
);

-- CreateTable
CREATE TABLE "upload" (
    "id" UUID NOT NULL,
    "project_id" INTEGER NOT NULL,
    "file_name" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "received_bytes" BIGINT NOT NULL DEFAULT 0,
    "blob_key" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "upload_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "embedding_chunk" (
    "id" BIGSERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "dim" INTEGER NOT NULL,
    "n_rows" INTEGER NOT NULL,
    "blob_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "embedding_chunk_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "prediction_chunk" (
    "id" BIGSERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "width" INTEGER NOT NULL,
    "n_rows" INTEGER NOT NULL,
    "blob_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "prediction_chunk_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "round" (
    "project_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "strategy_spec" JSONB NOT NULL,
    "spec_hash" TEXT NOT NULL,
    "seed" TEXT NOT NULL,
    "label_seq" INTEGER NOT NULL,
    "model_version" INTEGER,
    "feature_version" INTEGER,
    "n_candidates" INTEGER NOT NULL,
    "n_picked" INTEGER NOT NULL,
    "n_fallback" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL,
    "report" JSONB NOT NULL,
    "manifest_key" TEXT,
    "trigger" TEXT NOT NULL,
    "triggered_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL,
    "finished_at" TIMESTAMPTZ NOT NULL,
    "duration_ms" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "round_pkey" PRIMARY KEY ("project_id","number")
);

-- CreateTable
CREATE TABLE "queue_entry" (
    "project_id" INTEGER NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "row" INTEGER NOT NULL,
    "slot" INTEGER NOT NULL DEFAULT 0,
    "round" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "purpose" TEXT NOT NULL,
    "strategy" TEXT NOT NULL,
    "rank" INTEGER NOT NULL,
    "priority" DOUBLE PRECISION NOT NULL,
    "score" DOUBLE PRECISION,
    "percentile" DOUBLE PRECISION,
    "inclusion" DOUBLE PRECISION,
    "model_version" INTEGER,
    "reason" JSONB NOT NULL,
    "is_fallback" BOOLEAN NOT NULL DEFAULT false,
    "state" TEXT NOT NULL DEFAULT 'open',
    "lease_token" UUID,
    "lease_user_id" TEXT,
    "lease_tab" TEXT,
    "leased_at" TIMESTAMPTZ,
    "lease_expires_at" TIMESTAMPTZ,
    "served_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "queue_entry_pkey" PRIMARY KEY ("project_id","id")
);

-- CreateTable
CREATE TABLE "annotation" (
    "project_id" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    "submission_id" UUID NOT NULL,
    "annotator_id" TEXT,
    "source" TEXT NOT NULL,
    "value" JSONB,
    "supersedes" INTEGER,
    "reason" TEXT,
    "is_late" BOOLEAN NOT NULL DEFAULT false,
    "is_extra" BOOLEAN NOT NULL DEFAULT false,
    "purpose" TEXT NOT NULL DEFAULT 'train',
    "entry_id" BIGINT,
    "round" INTEGER,
    "model_version_seen" INTEGER,
    "suggestion_shown" BOOLEAN NOT NULL DEFAULT false,
    "suggested_value" JSONB,
    "guidelines_version" INTEGER,
    "shown_at" TIMESTAMPTZ,
    "elapsed_ms" INTEGER,
    "at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "annotation_pkey" PRIMARY KEY ("project_id","seq")
);

-- CreateTable
CREATE TABLE "draft" (
    "project_id" INTEGER NOT NULL,
    "row" INTEGER NOT NULL,
    "user_id" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "draft_pkey" PRIMARY KEY ("project_id","row","user_id")
);

-- CreateTable
CREATE TABLE "flag" (
    "project_id" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "row" INTEGER NOT NULL,
    "user_id" TEXT NOT NULL,
    "comment" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "resolved_at" TIMESTAMPTZ,
    "resolved_by" TEXT,

    CONSTRAINT "flag_pkey" PRIMARY KEY ("project_id","id")
);

-- CreateTable
CREATE TABLE "feature_version" (
    "project_id" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "spec" JSONB NOT NULL,
    "spec_hash" TEXT NOT NULL,
    "dim" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "blob_key" TEXT,
    "n_rows" INTEGER NOT NULL DEFAULT 0,
    "seed" TEXT NOT NULL,
    "report" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "duration_ms" DOUBLE PRECISION,

    CONSTRAINT "feature_version_pkey" PRIMARY KEY ("project_id","version")
);

-- CreateTable
CREATE TABLE "feature_shard" (
    "project_id" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "start_row" INTEGER NOT NULL,
    "n_rows" INTEGER NOT NULL,
    "blob_key" TEXT NOT NULL,

    CONSTRAINT "feature_shard_pkey" PRIMARY KEY ("project_id","version","start_row")
);

-- CreateTable
CREATE TABLE "model_version" (
    "project_id" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "trainer" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "trained_through_seq" INTEGER NOT NULL,
    "n_train" INTEGER NOT NULL,
    "feature_version" INTEGER,
    "seed" TEXT NOT NULL,
    "params" JSONB NOT NULL,
    "classes" JSONB NOT NULL,
    "data_hash" TEXT NOT NULL,
    "code_version" TEXT NOT NULL,
    "backend" TEXT NOT NULL,
    "metrics" JSONB NOT NULL DEFAULT '{}',
    "blob_key" TEXT,
    "duration_ms" DOUBLE PRECISION,
    "error" JSONB,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ready_at" TIMESTAMPTZ,

    CONSTRAINT "model_version_pkey" PRIMARY KEY ("project_id","version")
);

-- CreateTable
CREATE TABLE "prediction_shard" (
    "project_id" INTEGER NOT NULL,
    "model_version" INTEGER NOT NULL,
    "start_row" INTEGER NOT NULL,
    "n_rows" INTEGER NOT NULL,
    "width" INTEGER NOT NULL,
    "blob_key" TEXT NOT NULL,

    CONSTRAINT "prediction_shard_pkey" PRIMARY KEY ("project_id","model_version","start_row")
);

-- CreateTable
CREATE TABLE "metric_point" (
    "id" BIGSERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "model_version" INTEGER NOT NULL,
    "metric" TEXT NOT NULL,
    "sample" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "lower" DOUBLE PRECISION,
    "upper" DOUBLE PRECISION,
    "level" DOUBLE PRECISION,
    "n" INTEGER NOT NULL,
    "method" TEXT NOT NULL,
    "n_train" INTEGER NOT NULL,
    "label_seq" INTEGER NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "metric_point_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_run" (
    "id" UUID NOT NULL,
    "project_id" INTEGER,
    "kind" TEXT NOT NULL,
    "dedupe_key" TEXT NOT NULL DEFAULT '',
    "state" TEXT NOT NULL DEFAULT 'queued',
    "progress_done" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "progress_total" DOUBLE PRECISION,
    "message" TEXT NOT NULL DEFAULT '',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "payload" JSONB NOT NULL,
    "result" JSONB,
    "boss_id" UUID,
    "error" JSONB,
    "requested_by" TEXT,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "start_after" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ,
    "finished_at" TIMESTAMPTZ,
    "heartbeat_at" TIMESTAMPTZ,
    "cancel_requested_at" TIMESTAMPTZ,

    CONSTRAINT "job_run_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "session_token_key" ON "session"("token");

-- CreateIndex
CREATE INDEX "session_user_id_idx" ON "session"("user_id");

-- CreateIndex
CREATE INDEX "account_user_id_idx" ON "account"("user_id");

-- CreateIndex
CREATE INDEX "verification_identifier_idx" ON "verification"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "rate_limit_key_key" ON "rate_limit"("key");

-- CreateIndex
CREATE UNIQUE INDEX "invitation_token_hash_key" ON "invitation"("token_hash");

-- CreateIndex
CREATE INDEX "invitation_project_id_idx" ON "invitation"("project_id");

-- CreateIndex
CREATE INDEX "audit_log_project_id_id_idx" ON "audit_log"("project_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "project_slug_key" ON "project"("slug");

-- CreateIndex
CREATE INDEX "project_member_user_id_idx" ON "project_member"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_key_hash_key" ON "api_key"("key_hash");

-- CreateIndex
CREATE INDEX "api_key_project_id_idx" ON "api_key"("project_id");

-- CreateIndex
CREATE INDEX "item_project_id_content_hash_idx" ON "item"("project_id", "content_hash");

-- CreateIndex
CREATE UNIQUE INDEX "item_project_id_external_id_key" ON "item"("project_id", "external_id");

-- CreateIndex
CREATE INDEX "upload_project_id_idx" ON "upload"("project_id");

-- CreateIndex
CREATE INDEX "embedding_chunk_project_id_name_id_idx" ON "embedding_chunk"("project_id", "name", "id");

-- CreateIndex
CREATE INDEX "prediction_chunk_project_id_name_id_idx" ON "prediction_chunk"("project_id", "name", "id");

-- CreateIndex
CREATE INDEX "queue_entry_project_id_row_idx" ON "queue_entry"("project_id", "row");

-- CreateIndex
CREATE INDEX "queue_entry_project_id_round_rank_idx" ON "queue_entry"("project_id", "round", "rank");

-- CreateIndex
CREATE INDEX "annotation_project_id_row_idx" ON "annotation"("project_id", "row");

-- CreateIndex
CREATE INDEX "annotation_project_id_annotator_id_seq_idx" ON "annotation"("project_id", "annotator_id", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "annotation_project_id_submission_id_key" ON "annotation"("project_id", "submission_id");

-- CreateIndex
CREATE INDEX "flag_project_id_row_idx" ON "flag"("project_id", "row");

-- CreateIndex
CREATE INDEX "metric_point_project_id_metric_sample_model_version_id_idx" ON "metric_point"("project_id", "metric", "sample", "model_version", "id");

-- CreateIndex
CREATE INDEX "job_run_project_id_kind_created_at_idx" ON "job_run"("project_id", "kind", "created_at");

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project_member" ADD CONSTRAINT "project_member_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project_member" ADD CONSTRAINT "project_member_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- ------------------------------------------------------------------ what Prisma cannot say

-- Scans by keyed prefix stay on these tables' own order; autovacuum keeps up with many small updates.
ALTER TABLE "queue_entry" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE "label_counter" SET (fillfactor = 50);
ALTER TABLE "row_counter" SET (fillfactor = 50);
ALTER TABLE "item" SET (fillfactor = 90);

-- Claiming walks entries in serving order; leased ones stay in the index so that an expired lease is found at its place.
CREATE INDEX "queue_entry_serving" ON "queue_entry" ("project_id", "priority", "id") WHERE "state" IN ('open', 'leased');
-- One person never holds or has answered two opinions on one item.
CREATE UNIQUE INDEX "queue_entry_one_per_person" ON "queue_entry" ("project_id", "row", "lease_user_id") WHERE "state" IN ('leased', 'done');
-- One live entry per opinion on an item.
CREATE UNIQUE INDEX "queue_entry_one_per_slot" ON "queue_entry" ("project_id", "row", "slot", "purpose") WHERE "state" IN ('open', 'leased');
CREATE UNIQUE INDEX "queue_entry_lease_token" ON "queue_entry" ("lease_token") WHERE "lease_token" IS NOT NULL;
CREATE INDEX "queue_entry_leases" ON "queue_entry" ("project_id", "lease_user_id") WHERE "state" = 'leased';
ALTER TABLE "queue_entry" ADD CONSTRAINT "queue_entry_lease_whole" CHECK (
  "state" <> 'leased' OR ("lease_token" IS NOT NULL AND "lease_user_id" IS NOT NULL AND "lease_expires_at" IS NOT NULL));
ALTER TABLE "queue_entry" ADD CONSTRAINT "queue_entry_state" CHECK ("state" IN ('open', 'leased', 'done', 'superseded'));
ALTER TABLE "queue_entry" ADD CONSTRAINT "queue_entry_inclusion" CHECK ("inclusion" IS NULL OR ("inclusion" > 0 AND "inclusion" <= 1));

-- Item lists: by status in row order, and the disagreement view.
CREATE INDEX "item_live_status" ON "item" ("project_id", "status", "row") WHERE "deleted_at" IS NULL;
CREATE INDEX "item_agreement" ON "item" ("project_id", "agreement", "row") WHERE "agreement" IS NOT NULL AND "deleted_at" IS NULL;
ALTER TABLE "item" ADD CONSTRAINT "item_status" CHECK ("status" IN ('open', 'resolved', 'parked', 'excluded'));

ALTER TABLE "annotation" ADD CONSTRAINT "annotation_kind" CHECK ("kind" IN ('label', 'skip', 'retract'));
ALTER TABLE "annotation" ADD CONSTRAINT "annotation_label_has_value" CHECK ("kind" <> 'label' OR "value" IS NOT NULL);
ALTER TABLE "annotation" ADD CONSTRAINT "annotation_retract_has_target" CHECK ("kind" <> 'retract' OR "supersedes" IS NOT NULL);
-- An annotation can be withdrawn once.
CREATE UNIQUE INDEX "annotation_withdrawn_once" ON "annotation" ("project_id", "supersedes") WHERE "supersedes" IS NOT NULL;

CREATE UNIQUE INDEX "job_run_one_live" ON "job_run" (coalesce("project_id", 0), "kind", "dedupe_key") WHERE "state" IN ('queued', 'running');
CREATE INDEX "job_run_live" ON "job_run" ("state") WHERE "state" IN ('queued', 'running');
ALTER TABLE "job_run" ADD CONSTRAINT "job_run_state" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'));

-- Search in the background index; btree_gin lets one index hold project and words.
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX "item_search_document" ON "item_search" USING gin ("project_id", "document");

-- Append-only tables refuse what would rewrite history.
CREATE FUNCTION winnow_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('winnow.allow_rewrite', true) = 'on' THEN
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "annotation_append_only" BEFORE UPDATE OR DELETE ON "annotation" FOR EACH ROW EXECUTE FUNCTION winnow_refuse_rewrite();
CREATE TRIGGER "audit_log_append_only" BEFORE UPDATE OR DELETE ON "audit_log" FOR EACH ROW EXECUTE FUNCTION winnow_refuse_rewrite();
CREATE TRIGGER "metric_point_append_only" BEFORE UPDATE OR DELETE ON "metric_point" FOR EACH ROW EXECUTE FUNCTION winnow_refuse_rewrite();
