import type { LucideIcon } from "lucide-react";
import { Activity, Boxes, Download, FileUp, Layers, ListTodo, Settings, Split, Table2, Tag, Users } from "lucide-react";
import type { ProjectPermission } from "@/contracts/permissions";

export interface ProjectPage {
  /** The path below /p/[slug]; empty for the dashboard. */
  segment: string;
  title: string;
  icon: LucideIcon;
  /** Who sees the link; the server decides again. */
  permission: ProjectPermission;
}

/** The pages of a project in groups, in the order of the work. */
export const PROJECT_PAGES: readonly { title: string | null; pages: readonly ProjectPage[] }[] = [
  {
    title: null,
    pages: [
      { segment: "", title: "Dashboard", icon: Activity, permission: "read" },
      { segment: "label", title: "Label", icon: Tag, permission: "annotate" },
      { segment: "items", title: "Items", icon: Table2, permission: "read" },
    ],
  },
  {
    title: "Model",
    pages: [
      { segment: "rounds", title: "Rounds", icon: Layers, permission: "read" },
      { segment: "strategy", title: "Strategy", icon: Split, permission: "read" },
      { segment: "models", title: "Versions", icon: Boxes, permission: "read" },
      { segment: "jobs", title: "Jobs", icon: ListTodo, permission: "read" },
    ],
  },
  {
    title: "Project",
    pages: [
      { segment: "annotators", title: "Annotators", icon: Users, permission: "read" },
      { segment: "import", title: "Import", icon: FileUp, permission: "ingest" },
      { segment: "export", title: "Export", icon: Download, permission: "export" },
      { segment: "settings", title: "Settings", icon: Settings, permission: "manage" },
    ],
  },
];
