import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { ExportPage } from "./ExportPage";

export const metadata: Metadata = { title: "Export" };

export default async function ExportRoute({ params }: { params: Promise<{ slug: string }> }) {
  return <ExportPage project={await loadLeadPage(params, "export")} />;
}
