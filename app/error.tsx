"use client";
import type { PageErrorProps } from "./_ui/PageError";
import { PageError } from "./_ui/PageError";

export default function RootError(props: PageErrorProps) {
  return (
    <main id="main">
      <PageError {...props} />
    </main>
  );
}
