import type { Metadata } from "next";
import { loadLeadPage } from "../_dashboard/leadPage";
import { ItemBrowser } from "./ItemBrowser";

export const metadata: Metadata = { title: "Items" };

export default async function ItemsPage({ params }: { params: Promise<{ slug: string }> }) {
  return <ItemBrowser project={await loadLeadPage(params, "read")} />;
}
