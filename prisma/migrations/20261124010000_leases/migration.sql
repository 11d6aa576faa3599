-- CreateTable
CREATE TABLE "lease_grant" (
    "project_id" INTEGER NOT NULL,
    "token" UUID NOT NULL,
    "entry_id" BIGINT NOT NULL,
    "row" INTEGER NOT NULL,
    "user_id" TEXT NOT NULL,
    "tab" TEXT NOT NULL,
    "granted_at" TIMESTAMPTZ NOT NULL,

    CONSTRAINT "lease_grant_pkey" PRIMARY KEY ("project_id","token")
);

-- CreateTable
CREATE TABLE "annotator_counter" (
    "project_id" INTEGER NOT NULL,
    "user_id" TEXT NOT NULL,
    "n_labels" INTEGER NOT NULL DEFAULT 0,
    "n_skips" INTEGER NOT NULL DEFAULT 0,
    "day" DATE NOT NULL,
    "n_labels_day" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "annotator_counter_pkey" PRIMARY KEY ("project_id","user_id")
);

-- ------------------------------------------------------------------ what Prisma cannot say

-- Every accepted label updates one row in place: room on the page keeps it there.
ALTER TABLE "annotator_counter" SET (fillfactor = 50);

-- Who held what is history too: a label that comes late is recognised by it.
CREATE TRIGGER "lease_grant_append_only" BEFORE UPDATE OR DELETE ON "lease_grant" FOR EACH ROW EXECUTE FUNCTION winnow_refuse_rewrite();
