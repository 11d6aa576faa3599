import clsx from "clsx";

/** A grey bar of the size of what will stand there, so that nothing jumps when it arrives. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={clsx("shimmer block h-4", className)} />;
}

/** Lines of text to come. */
export function SkeletonText({ lines = 3 }: { lines?: number }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-2.5">
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike and never move.
        <Skeleton key={i} className={i === lines - 1 ? "w-2/3" : "w-full"} />
      ))}
    </div>
  );
}

/** Rows of a table to come; the row height equals a Td with one line. */
export function SkeletonRows({ rows = 5, columns = 4 }: { rows?: number; columns?: number }) {
  return (
    <tbody aria-hidden="true" className="divide-y divide-line">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike and never move.
        <tr key={row}>
          {Array.from({ length: columns }, (_, column) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above.
            <td key={column} className="h-10.5 px-3">
              <Skeleton className={column === 0 ? "w-3/4" : "w-1/2"} />
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

/** The frame of a Stat to come. */
export function SkeletonStat() {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-1.5">
      <Skeleton className="h-3 w-20" />
      <Skeleton className="h-8 w-24" />
      <Skeleton className="h-3 w-28" />
    </div>
  );
}
