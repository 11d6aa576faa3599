"use client";
import { Toast as Base } from "@base-ui/react/toast";
import clsx from "clsx";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { createContext, useCallback, useContext, useMemo, useState } from "react";

export interface Notifier {
  /** A short message that goes away by itself; also read out. */
  notify(message: string, options?: { tone?: "neutral" | "good" | "bad"; title?: string; timeoutMs?: number }): void;
  /** Read out politely without being drawn: "Saved. Next item." */
  announce(message: string): void;
}

const TOAST_MS = 5_000;
/** Takes away what the library says of dialogs and what a status must not have. */
const NOT_MODAL = { "aria-modal": undefined };
const NotifierContext = createContext<Notifier | null>(null);

/** Puts toasts and the polite live region under everything; stands once in the root layout. */
export function NotifierProvider({ children }: { children: ReactNode }) {
  return (
    <Base.Provider limit={3} timeout={TOAST_MS}>
      <Announcer>{children}</Announcer>
      <Base.Portal>
        <Base.Viewport className="fixed inset-x-4 bottom-4 z-50 flex flex-col gap-2 sm:start-auto sm:end-5 sm:bottom-5 sm:w-88">
          <ToastList />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

export function useNotifier(): Notifier {
  const notifier = useContext(NotifierContext);
  if (!notifier) throw new Error("useNotifier needs NotifierProvider above it (the root layout has one)");
  return notifier;
}

function Announcer({ children }: { children: ReactNode }) {
  const { add } = Base.useToastManager();
  // Two regions in turn: the same text twice in a row is read out twice.
  const [spoken, setSpoken] = useState({ text: "", turn: 0 });
  const announce = useCallback((text: string) => setSpoken((last) => ({ text, turn: last.turn ^ 1 })), []);
  const notifier = useMemo<Notifier>(
    () => ({
      announce,
      notify(message, { tone = "neutral", title, timeoutMs } = {}) {
        // High priority would hide the toast itself from assistive technology while its cross takes the focus.
        add({ title, description: message, type: tone, timeout: timeoutMs, priority: "low" });
      },
    }),
    [add, announce],
  );
  return (
    <NotifierContext.Provider value={notifier}>
      {children}
      <div role="status" aria-live="polite" className="sr-only">
        {spoken.turn === 0 ? spoken.text : ""}
      </div>
      <div role="status" aria-live="polite" className="sr-only">
        {spoken.turn === 1 ? spoken.text : ""}
      </div>
    </NotifierContext.Provider>
  );
}

function ToastList() {
  const { toasts } = Base.useToastManager();
  return toasts.map((toast) => (
    <Base.Root
      key={toast.id}
      toast={toast}
      // Not a dialog: it asks for nothing and goes away by itself. The library reads it out; this names what it is.
      role={toast.type === "bad" ? "alert" : "status"}
      {...NOT_MODAL}
      swipeDirection={["down", "right"]}
      className={clsx(
        "rounded-md border border-line bg-raised shadow-pop transition-[opacity,translate] duration-150 data-ending-style:translate-y-2 data-starting-style:translate-y-2 data-ending-style:opacity-0 data-starting-style:opacity-0",
        toast.type === "bad" && "border-bad/40",
        toast.type === "good" && "border-good/40",
      )}
    >
      <Base.Content className="flex items-start gap-3 py-2.5 ps-3.5 pe-2">
        <div className="min-w-0 flex-1 py-0.5 text-sm [overflow-wrap:anywhere]">
          <Base.Title className="font-[620]" />
          <Base.Description />
        </div>
        <Base.Close
          aria-label="Dismiss"
          // The library hides it from assistive technology until the list is entered, and leaves it in the tab order.
          aria-hidden={false}
          className="inline-flex size-7 items-center justify-center rounded-sm text-ink-3 hover:bg-hover hover:text-ink"
        >
          <X aria-hidden="true" size={15} />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ));
}
