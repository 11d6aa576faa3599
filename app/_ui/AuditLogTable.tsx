"use client";
import type { AuditRow } from "@/contracts/access";
import { RelativeTime } from "./RelativeTime";
import { Table, TBody, Td, THead, Th, Tr } from "./Table";

/** Entries of the audit log, newest first. */
export function AuditLogTable({ rows }: { rows: AuditRow[] }) {
  if (rows.length === 0) return <p className="px-3 pb-2 text-ink-2 text-sm">Nothing yet.</p>;
  return (
    <Table label="Audit log">
      <THead>
        <Th>When</Th>
        <Th>Who</Th>
        <Th>Did</Th>
        <Th>On</Th>
        <Th>Details</Th>
      </THead>
      <TBody>
        {rows.map((row) => (
          <Tr key={row.id}>
            <Td className="whitespace-nowrap">
              <RelativeTime iso={row.at} />
            </Td>
            <Td>
              {row.actorName ?? row.actorKind}
              {row.actorKind === "key" && <span className="block text-ink-3 text-xs">API key</span>}
            </Td>
            <Td className="font-mono text-xs">{row.action}</Td>
            <Td className="[overflow-wrap:anywhere]">{row.target ?? "–"}</Td>
            <Td className="max-w-md font-mono text-ink-3 text-xs [overflow-wrap:anywhere]">
              {Object.keys(row.details).length === 0 ? "" : JSON.stringify(row.details)}
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
