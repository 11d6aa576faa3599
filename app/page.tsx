import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { Projects } from "./_home/Projects";
import { api } from "./_rpc/server";
import { AppHeader } from "./_ui/AppHeader";
import { Page } from "./_ui/PageHeader";

export const metadata: Metadata = { title: "Projects" };

/** The first page: the projects one may see, and real data to try. */
export default async function HomePage() {
  const caller = await api();
  const { user, needsSetup } = await caller.access.state();
  if (needsSetup) redirect("/setup");
  if (!user) redirect("/sign-in");
  const { mayCreate } = await caller.project.creation();
  return (
    <>
      <AppHeader user={user} />
      <main id="main">
        <Page>
          <Projects mayCreate={mayCreate} isAdministrator={user.role === "administrator"} />
        </Page>
      </main>
    </>
  );
}
