import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { JobList } from "./JobList";

export const metadata: Metadata = { title: "Jobs" };

export default async function JobsPage({ params }: { params: Promise<{ slug: string }> }) {
  return <JobList project={await loadLeadPage(params, "read")} />;
}
