import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { TRPCReactProvider } from "./_rpc/client";
import { ThemeProvider } from "./_ui/ThemeChoice";
import { NotifierProvider } from "./_ui/Toast";
import { TooltipProvider } from "./_ui/Tooltip";
import { parseTheme, THEME_COOKIE } from "./_ui/theme";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Winnow", template: "%s · Winnow" },
  description: "Label less, know more: active learning and labelling.",
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  viewportFit: "cover",
  colorScheme: "light dark",
};

/** The theme comes from a cookie, so that the first byte already has the right one. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" data-theme={theme === "system" ? undefined : theme}>
      <body>
        <TRPCReactProvider>
          <ThemeProvider initial={theme}>
            <TooltipProvider delay={400}>
              <NotifierProvider>
                <div className="app-root flex min-h-dvh flex-col">{children}</div>
              </NotifierProvider>
            </TooltipProvider>
          </ThemeProvider>
        </TRPCReactProvider>
      </body>
    </html>
  );
}
