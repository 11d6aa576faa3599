"use client";
import { Bot, Tag } from "lucide-react";
import Link from "next/link";
import { Badge } from "@/app/_ui/Badge";
import { Button, ButtonLink } from "@/app/_ui/Button";
import { countOf, formatNumber } from "@/app/_ui/format";
import { ProgressBar } from "@/app/_ui/ProgressBar";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectListRow } from "@/contracts/project";
import { SimulateDialog } from "./SimulateDialog";

/** One project: how far it is, and the way into it. */
export function ProjectCard({ project }: { project: ProjectListRow }) {
  const { slug, myRole, status, nItems, nResolved, nLabels } = project;
  const canRead = roleAllows(myRole, "read");
  return (
    <article className="flex h-full flex-col rounded-lg border border-line bg-surface p-5">
      <div className="flex items-start justify-between gap-3">
        <h2 className="min-w-0 font-[620] text-lg [overflow-wrap:anywhere]">
          <Link
            href={canRead ? `/p/${slug}` : `/p/${slug}/label`}
            className="rounded-sm underline-offset-4 hover:underline"
          >
            {project.name}
          </Link>
        </h2>
        <span className="flex shrink-0 gap-1.5">
          {project.demo !== null && <Badge tone="accent">Demo</Badge>}
          {status !== "active" && <Badge tone="warn">{status === "paused" ? "Paused" : "Archived"}</Badge>}
          <Badge>{myRole}</Badge>
        </span>
      </div>
      {project.description && <p className="mt-1 line-clamp-2 text-ink-2 text-sm">{project.description}</p>}
      <div className="mt-auto pt-5">
        <ProgressBar
          label={nItems === 0 ? "No items yet" : countOf(nLabels, "label")}
          value={nResolved}
          total={nItems}
          text={nItems === 0 ? undefined : `${formatNumber(nResolved)} of ${countOf(nItems, "item")} settled`}
        />
        <div className="mt-4 flex flex-wrap gap-2">
          <ButtonLink href={`/p/${slug}/label`} variant="primary" size="sm" icon={<Tag aria-hidden="true" size={15} />}>
            Label
          </ButtonLink>
          {canRead && (
            <ButtonLink href={`/p/${slug}`} size="sm">
              Dashboard
            </ButtonLink>
          )}
          {project.demo !== null && roleAllows(myRole, "manage") && (
            <SimulateDialog
              project={project}
              trigger={
                <Button size="sm" variant="ghost" icon={<Bot aria-hidden="true" size={16} />}>
                  Simulate
                </Button>
              }
            />
          )}
        </div>
      </div>
    </article>
  );
}
