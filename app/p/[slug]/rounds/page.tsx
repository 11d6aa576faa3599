import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { RoundList } from "./RoundList";

export const metadata: Metadata = { title: "Rounds" };

export default async function RoundsPage({ params }: { params: Promise<{ slug: string }> }) {
  return <RoundList project={await loadLeadPage(params, "read")} />;
}
