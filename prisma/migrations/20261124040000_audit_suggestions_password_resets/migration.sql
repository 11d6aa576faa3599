-- Audit items are labelled without the model's suggestions unless a lead decides otherwise.
alter table "project" add column "suggest_on_audit" boolean not null default false;

-- A link that lets one person choose a new password. Only its hash is stored.
create table "password_reset" (
  "id" uuid not null,
  "token_hash" text not null,
  "user_id" text not null,
  "created_by" text not null,
  "created_at" timestamptz not null default current_timestamp,
  "expires_at" timestamptz not null,
  "used_at" timestamptz,
  "revoked_at" timestamptz,
  constraint "password_reset_pkey" primary key ("id"),
  constraint "password_reset_user_id_fkey" foreign key ("user_id") references "user" ("id") on delete cascade on update cascade
);
create unique index "password_reset_token_hash_key" on "password_reset" ("token_hash");
create index "password_reset_user_id_idx" on "password_reset" ("user_id");
