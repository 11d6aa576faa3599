import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { api } from "@/app/_rpc/server";
import { AppHeader } from "@/app/_ui/AppHeader";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { NewProject } from "./NewProject";

export const metadata: Metadata = { title: "New project" };

export default async function NewProjectPage() {
  const { user } = await (await api()).access.state();
  if (!user) redirect("/sign-in?next=/projects/new");
  return (
    <>
      <AppHeader user={user} />
      <main id="main">
        <Page width="narrow">
          <PageHeader title="New project" description="All of this but the kind of items can be changed later." />
          <NewProject />
        </Page>
      </main>
    </>
  );
}
