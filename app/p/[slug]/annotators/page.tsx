import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { AnnotatorsPage } from "./AnnotatorsPage";

export const metadata: Metadata = { title: "Annotators" };

export default async function AnnotatorsRoute({ params }: { params: Promise<{ slug: string }> }) {
  return <AnnotatorsPage project={await loadLeadPage(params, "read")} />;
}
