"use client";
import type { ReactNode } from "react";
import { createContext, useContext, useMemo, useState } from "react";
import { MenuChoice } from "./Menu";
import { setTheme } from "./setTheme";
import type { Theme } from "./theme";

const ThemeContext = createContext<{ theme: Theme; choose(theme: Theme): void } | null>(null);

/** Knows the theme and changes it at once on the page; the cookie follows. */
export function ThemeProvider({ initial, children }: { initial: Theme; children: ReactNode }) {
  const [theme, setLocal] = useState(initial);
  const value = useMemo(
    () => ({
      theme,
      choose(next: Theme) {
        setLocal(next);
        if (next === "system") document.documentElement.removeAttribute("data-theme");
        else document.documentElement.dataset.theme = next;
        // A lost cookie (offline) costs only the choice on the next visit.
        setTheme(next).catch(() => undefined);
      },
    }),
    [theme],
  );
  return <ThemeContext.Provider value={value}>{children}</ThemeContext.Provider>;
}

const OPTIONS = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

/** The three themes, as part of a menu. */
export function ThemeChoice() {
  const context = useContext(ThemeContext);
  if (!context) throw new Error("ThemeChoice needs ThemeProvider above it (the root layout has one)");
  return <MenuChoice label="Theme" value={context.theme} options={OPTIONS} onValueChange={context.choose} />;
}
