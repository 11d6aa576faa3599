"use client";
import clsx from "clsx";
import Link from "next/link";
import { useSelectedLayoutSegment } from "next/navigation";
import { roleAllows } from "@/contracts/permissions";
import type { ProjectView } from "@/contracts/project";
import { PROJECT_PAGES } from "./projectPages";

/** Links to the pages that this person may see. */
export function ProjectNav({
  project,
  onNavigate,
}: {
  project: Pick<ProjectView, "slug" | "myRole">;
  onNavigate?: () => void;
}) {
  const segment = useSelectedLayoutSegment() ?? "";
  const { slug, myRole } = project;
  return (
    <nav aria-label="Project" className="flex flex-col gap-4">
      {PROJECT_PAGES.map((group) => {
        const pages = group.pages.filter((page) => myRole !== null && roleAllows(myRole, page.permission));
        if (pages.length === 0) return null;
        return (
          <div key={group.title ?? ""}>
            {group.title && <div className="eyebrow px-2.5 pb-1">{group.title}</div>}
            <ul className="flex flex-col gap-px">
              {pages.map(({ segment: target, title, icon: Icon }) => (
                <li key={target}>
                  <Link
                    href={`/p/${slug}${target === "" ? "" : `/${target}`}`}
                    onClick={onNavigate}
                    aria-current={segment === target ? "page" : undefined}
                    className={clsx(
                      "flex h-9 items-center gap-2.5 rounded-md px-2.5 text-sm",
                      segment === target
                        ? "bg-accent-soft font-[580] text-accent-text"
                        : "text-ink-2 hover:bg-hover hover:text-ink",
                    )}
                  >
                    <Icon aria-hidden="true" size={17} />
                    {title}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}
