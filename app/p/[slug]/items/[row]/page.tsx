import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { loadLeadPage } from "../../_dashboard/leadPage";
import { ItemDetailPage } from "./ItemDetailPage";

export const metadata: Metadata = { title: "Item" };

export default async function ItemPage({ params }: { params: Promise<{ slug: string; row: string }> }) {
  const { row } = await params;
  if (!/^\d{1,9}$/.test(row)) notFound();
  return <ItemDetailPage project={await loadLeadPage(params, "read")} row={Number(row)} />;
}
