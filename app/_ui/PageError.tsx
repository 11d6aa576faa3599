"use client";
import { ErrorState } from "./ErrorState";
import { Page } from "./PageHeader";

export interface PageErrorProps {
  error: Error & { digest?: string };
  reset: () => void;
}

/** A page that failed to render; the digest finds the entry in the server's log. */
export function PageError({ error, reset }: PageErrorProps) {
  return (
    <Page width="narrow">
      <h1 className="sr-only">Error</h1>
      <ErrorState
        title="This page could not be shown"
        error={error.digest ? new Error(`The server failed while making it (log entry ${error.digest}).`) : error}
        onRetry={reset}
      />
    </Page>
  );
}
