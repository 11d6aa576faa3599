import type { ReactNode } from "react";
import { Logo } from "@/app/_ui/Logo";

/** The pages before the door: one card, the name above it, nothing else. */
export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <main id="main" className="flex flex-1 flex-col items-center px-4 py-10 sm:justify-center sm:py-16">
      <div className="mb-8 flex flex-col items-center gap-2">
        <Logo />
        <p className="text-ink-3 text-sm">Label less, know more.</p>
      </div>
      <div className="w-full max-w-md rounded-lg border border-line bg-surface p-6 sm:p-8">{children}</div>
    </main>
  );
}
