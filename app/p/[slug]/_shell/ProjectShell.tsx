"use client";
import { useQuery } from "@tanstack/react-query";
import { Menu as MenuIcon } from "lucide-react";
import { useSelectedLayoutSegment } from "next/navigation";
import type { ReactNode } from "react";
import { useState } from "react";
import { useTRPC } from "@/app/_rpc/client";
import { AppHeader } from "@/app/_ui/AppHeader";
import { Badge } from "@/app/_ui/Badge";
import { Drawer } from "@/app/_ui/Dialog";
import { IconButton } from "@/app/_ui/IconButton";
import type { ViewerView } from "@/contracts/access";
import type { ProjectView } from "@/contracts/project";
import { ProjectNav } from "./ProjectNav";

/**
 * Frame of a project's pages: the bar, the links at the side (behind a button on narrow screens), the page. The labelling
 * screen draws its own frame: nothing there may distract.
 */
export function ProjectShell({
  project: initial,
  user,
  children,
}: {
  project: ProjectView;
  user: ViewerView;
  children: ReactNode;
}) {
  const segment = useSelectedLayoutSegment();
  const trpc = useTRPC();
  const { data: project } = useQuery({
    ...trpc.project.get.queryOptions({ projectId: initial.id }),
    initialData: initial,
  });
  const [navOpen, setNavOpen] = useState(false);
  if (segment === "label") return children;

  return (
    <>
      <AppHeader
        user={user}
        start={
          <Drawer
            side="start"
            title={project.name}
            open={navOpen}
            onOpenChange={setNavOpen}
            trigger={
              <IconButton label="Pages of the project" className="-ms-2 lg:hidden">
                <MenuIcon aria-hidden="true" size={19} />
              </IconButton>
            }
          >
            <div className="p-3">
              <ProjectNav project={project} onNavigate={() => setNavOpen(false)} />
            </div>
          </Drawer>
        }
      >
        <span aria-hidden="true" className="text-ink-3 max-sm:hidden">
          /
        </span>
        <span className="truncate font-[550] text-sm">{project.name}</span>
        {project.status !== "active" && (
          <Badge tone="warn">{project.status === "paused" ? "Paused" : "Archived"}</Badge>
        )}
      </AppHeader>
      <div className="flex min-w-0 flex-1">
        <aside className="sticky top-13 h-[calc(100dvh-3.25rem)] w-54 shrink-0 overflow-y-auto border-line border-e px-3 py-5 max-lg:hidden">
          <ProjectNav project={project} />
        </aside>
        <main id="main" className="min-w-0 flex-1">
          {children}
        </main>
      </div>
    </>
  );
}
