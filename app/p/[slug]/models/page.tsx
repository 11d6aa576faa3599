import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { ModelList } from "./ModelList";

export const metadata: Metadata = { title: "Models" };

export default async function ModelsPage({ params }: { params: Promise<{ slug: string }> }) {
  return <ModelList project={await loadLeadPage(params, "read")} />;
}
