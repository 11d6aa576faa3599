import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { ImportPage } from "./ImportPage";

export const metadata: Metadata = { title: "Import" };

export default async function ImportRoute({ params }: { params: Promise<{ slug: string }> }) {
  return <ImportPage project={await loadLeadPage(params, "ingest")} />;
}
