import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { Settings } from "./Settings";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsPage({ params }: { params: Promise<{ slug: string }> }) {
  return <Settings project={await loadLeadPage(params, "manage")} />;
}
