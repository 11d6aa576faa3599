"use client";
import { ErrorState } from "./_ui/ErrorState";
import { Page } from "./_ui/PageHeader";

/** A page that failed to render; the digest finds the entry in the server's log. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main id="main">
      <Page width="narrow">
        <h1 className="sr-only">Error</h1>
        <ErrorState
          title="This page could not be shown"
          error={error.digest ? new Error(`The server failed while making it (log entry ${error.digest}).`) : error}
          onRetry={reset}
        />
      </Page>
    </main>
  );
}
