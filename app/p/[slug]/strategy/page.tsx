import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { StrategyInsight } from "./StrategyInsight";

export const metadata: Metadata = { title: "Strategy" };

export default async function StrategyPage({ params }: { params: Promise<{ slug: string }> }) {
  return <StrategyInsight project={await loadLeadPage(params, "read")} />;
}
