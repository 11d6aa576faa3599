import type { ReactNode } from "react";

export function AuthTitle({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="mb-6">
      <h1 className="font-[640] text-2xl">{title}</h1>
      {children && <div className="mt-1.5 text-ink-2">{children}</div>}
    </div>
  );
}
