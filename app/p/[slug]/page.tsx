import type { Metadata } from "next";
import { Dashboard } from "./_dashboard/Dashboard";
import { loadLeadPage } from "./_dashboard/leadPage";

export const metadata: Metadata = { title: "Dashboard" };

/** The lead's first screen; annotators, who may not see other people's work, go straight to labelling. */
export default async function DashboardPage({ params }: { params: Promise<{ slug: string }> }) {
  return <Dashboard project={await loadLeadPage(params, "read")} />;
}
