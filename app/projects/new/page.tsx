import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { api } from "@/app/_rpc/server";
import { AppHeader } from "@/app/_ui/AppHeader";
import { Callout } from "@/app/_ui/Callout";
import { Page, PageHeader } from "@/app/_ui/PageHeader";
import { NewProject } from "./NewProject";

export const metadata: Metadata = { title: "New project" };

export default async function NewProjectPage() {
  const caller = await api();
  const { user } = await caller.access.state();
  if (!user) redirect("/sign-in?next=/projects/new");
  const { mayCreate } = await caller.project.creation();
  return (
    <>
      <AppHeader user={user} />
      <main id="main">
        <Page width="narrow">
          <PageHeader title="New project" description="All of this but the kind of items can be changed later." />
          {mayCreate ? (
            <NewProject />
          ) : (
            <Callout title="Only administrators may make projects on this instance">
              Ask one of them to make it, and to invite you as its lead.
            </Callout>
          )}
        </Page>
      </main>
    </>
  );
}
