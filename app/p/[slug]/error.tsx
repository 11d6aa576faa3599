"use client";
import type { PageErrorProps } from "@/app/_ui/PageError";
import { PageError } from "@/app/_ui/PageError";

/** Inside the project's frame, so that the other pages stay in reach. */
export default function ProjectError(props: PageErrorProps) {
  return <PageError {...props} />;
}
