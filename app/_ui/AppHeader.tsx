"use client";
import { LogOut, Shield, UserRound } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import type { ViewerView } from "@/contracts/access";
import { IconButton } from "./IconButton";
import { Logo } from "./Logo";
import { Menu, MenuHeading, MenuItem, MenuLink, MenuSeparator } from "./Menu";
import { signOut } from "./signOut";
import { ThemeChoice } from "./ThemeChoice";
import { useNotifier } from "./Toast";

/** The bar above every page but the labelling screen. Pages put what is theirs into `children`. */
export function AppHeader({ user, start, children }: { user: ViewerView; start?: ReactNode; children?: ReactNode }) {
  return (
    <header className="sticky top-0 z-20 border-line border-b bg-page/92 backdrop-blur-sm">
      <a
        href="#main"
        className="-translate-y-20 absolute start-3 top-2 z-10 rounded-md bg-accent px-3 py-2 text-on-accent text-sm focus-visible:translate-y-0"
      >
        Skip to the content
      </a>
      <div className="flex h-13 items-center gap-3 px-4 sm:px-6">
        {start}
        <Link href="/" className="rounded-sm" aria-label="Winnow: projects">
          <Logo />
        </Link>
        <div className="flex min-w-0 flex-1 items-center gap-3">{children}</div>
        <UserMenu user={user} />
      </div>
    </header>
  );
}

/** Who is signed in, the theme, and the way out. */
export function UserMenu({ user }: { user: ViewerView }) {
  const { notify } = useNotifier();
  return (
    <Menu
      trigger={
        <IconButton label="Account and theme">
          <UserRound aria-hidden="true" size={18} />
        </IconButton>
      }
    >
      <MenuHeading>
        <span className="block font-[550] text-ink">{user.name}</span>
        <span className="block text-ink-3 text-xs">{user.email}</span>
      </MenuHeading>
      <MenuSeparator />
      <ThemeChoice />
      <MenuSeparator />
      {user.role === "administrator" && (
        <MenuLink href="/admin" icon={<Shield aria-hidden="true" size={16} />}>
          Administration
        </MenuLink>
      )}
      <MenuItem
        icon={<LogOut aria-hidden="true" size={16} />}
        onSelect={() => {
          signOut().catch(() =>
            notify("Signing out needs the server, which cannot be reached. Try again.", { tone: "bad" }),
          );
        }}
      >
        Sign out
      </MenuItem>
    </Menu>
  );
}
