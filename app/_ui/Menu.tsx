"use client";
import { Menu as Base } from "@base-ui/react/menu";
import clsx from "clsx";
import { Check } from "lucide-react";
import Link from "next/link";
import type { ReactElement, ReactNode } from "react";

export const POPUP_CLASS =
  "origin-(--transform-origin) rounded-lg outline-none border border-line bg-raised p-1 text-ink shadow-pop transition-[opacity,scale] duration-100 data-ending-style:scale-98 data-ending-style:opacity-0 data-starting-style:scale-98 data-starting-style:opacity-0";
export const ITEM_CLASS =
  "flex min-h-8.5 cursor-default select-none items-center gap-2.5 rounded-md px-2 py-1.5 text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-hover";

/** A menu of actions. `trigger` must be a button element or component. */
export function Menu({
  trigger,
  align = "end",
  children,
}: {
  trigger: ReactElement;
  align?: "start" | "end";
  children: ReactNode;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={5} align={align} className="z-40">
          <Base.Popup className={clsx(POPUP_CLASS, "max-h-(--available-height) min-w-48 overflow-y-auto")}>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuItem({
  icon,
  tone,
  disabled,
  onSelect,
  children,
}: {
  icon?: ReactNode;
  tone?: "danger";
  disabled?: boolean;
  onSelect: () => void;
  children: ReactNode;
}) {
  return (
    <Base.Item onClick={onSelect} disabled={disabled} className={clsx(ITEM_CLASS, tone === "danger" && "text-bad")}>
      {icon}
      {children}
    </Base.Item>
  );
}

export function MenuLink({ href, icon, children }: { href: string; icon?: ReactNode; children: ReactNode }) {
  return (
    <Base.LinkItem render={<Link href={href} />} className={ITEM_CLASS} closeOnClick>
      {icon}
      {children}
    </Base.LinkItem>
  );
}

/** An entry that is on or off. */
export function MenuCheck({
  checked,
  onCheckedChange,
  children,
}: {
  checked: boolean;
  onCheckedChange: (checked: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Base.CheckboxItem checked={checked} onCheckedChange={onCheckedChange} className={ITEM_CLASS}>
      <span className="flex w-4 shrink-0">
        <Base.CheckboxItemIndicator>
          <Check aria-hidden="true" size={15} />
        </Base.CheckboxItemIndicator>
      </span>
      {children}
    </Base.CheckboxItem>
  );
}

/** One of several, for themes and sort orders. */
export function MenuChoice<V extends string>({
  label,
  value,
  options,
  onValueChange,
}: {
  label: string;
  value: V;
  options: readonly { value: V; label: ReactNode }[];
  onValueChange: (value: V) => void;
}) {
  return (
    <Base.Group>
      <Base.GroupLabel className="eyebrow px-2 pt-1.5 pb-1">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next: V) => onValueChange(next)}>
        {options.map((option) => (
          <Base.RadioItem key={option.value} value={option.value} className={ITEM_CLASS}>
            <span className="flex w-4 shrink-0">
              <Base.RadioItemIndicator>
                <Check aria-hidden="true" size={15} />
              </Base.RadioItemIndicator>
            </span>
            {option.label}
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="mx-1 my-1 h-px bg-line" />;
}

export function MenuHeading({ children }: { children: ReactNode }) {
  return <div className="px-2 py-1.5 text-ink-2 text-sm">{children}</div>;
}
