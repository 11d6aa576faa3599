/**
 * The mark: grains on three lines of a sieve, one of them lifted out. Decorative; the word beside it is the name.
 */
export function LogoMark({ size = 22 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 24 24" fill="none">
      <path d="M2.5 20.5h19M5 15.5h14" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" opacity="0.55" />
      <circle cx="8" cy="12" r="1.6" fill="currentColor" opacity="0.55" />
      <circle cx="15.5" cy="12" r="1.6" fill="currentColor" opacity="0.55" />
      <circle cx="12" cy="5.4" r="3" fill="var(--accent)" />
    </svg>
  );
}

export function Logo() {
  return (
    <span className="inline-flex items-center gap-2 font-[660] text-lg tracking-[-0.02em]">
      <LogoMark />
      Winnow
    </span>
  );
}
