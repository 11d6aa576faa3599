"use client";
import { memo, useState } from "react";
import { Dialog } from "@/app/_ui/Dialog";
import { SearchInput } from "@/app/_ui/Input";
import { Kbd } from "@/app/_ui/Kbd";
import { keyText } from "@/task-types/_shared/Keycap";
import type { Hotkey } from "@/task-types/types";
import { SCREEN_KEYS } from "./screenKeys";

/** Every key of this screen, as it works right now. */
export const KeySheet = memo(function KeySheet({
  labelKeys,
  open,
  onOpenChange,
}: {
  labelKeys: readonly Hotkey[];
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const matches = ({ keys, description }: Hotkey) =>
    wanted === "" || description.toLowerCase().includes(wanted) || keyText(keys).toLowerCase() === wanted;
  const groups = [
    { title: "Screen", keys: SCREEN_KEYS.filter(matches) },
    { title: "Answers", keys: labelKeys.filter(matches) },
  ].filter((group) => group.keys.length > 0);

  return (
    <Dialog title="Keys" open={open} onOpenChange={onOpenChange}>
      <SearchInput label="Search the keys" placeholder="Search" value={search} onValueChange={setSearch} />
      <p className="mt-2 text-ink-3 text-sm">
        Digits are places on the keyboard, letters are what is printed on it. No key is taken while you type.
      </p>
      {groups.map((group) => (
        <section key={group.title} className="mt-4">
          <h3 className="eyebrow mb-1.5">{group.title}</h3>
          <ul className="grid gap-x-6 sm:grid-cols-2">
            {group.keys.map((hotkey) => (
              <KeyRow key={hotkey.keys} {...hotkey} />
            ))}
          </ul>
        </section>
      ))}
      {groups.length === 0 && <p className="mt-4 text-ink-2 text-sm">No key matches “{search}”.</p>}
    </Dialog>
  );
});

function KeyRow({ keys, description, also = [] }: Hotkey & { also?: string[] }) {
  return (
    <li className="flex items-center justify-between gap-3 border-line border-b py-1.5 text-sm">
      <span dir="auto" className="min-w-0 [overflow-wrap:anywhere]">
        {description}
      </span>
      <span className="flex shrink-0 gap-1">
        {[keys, ...also].map((name) => (
          <Kbd key={name}>{keyText(name)}</Kbd>
        ))}
      </span>
    </li>
  );
}
