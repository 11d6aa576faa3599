import { describe, expect, it } from "vitest";
import { versionsToPrune } from "./prunePredictions";

const stored = (versions: number[], over: { external?: number } = {}) =>
  versions.map((version) => ({ version, bytes: 100, isExternal: version === over.external }));
const LIMITS = { versionsMin: 2, bytesMax: 350 };

describe("versionsToPrune", () => {
  it("keeps the newest that fit and drops the rest", () => {
    expect(versionsToPrune(stored([9, 8, 7, 6, 5]), [9, null], LIMITS)).toEqual([6, 5]);
    expect(versionsToPrune(stored([9, 8, 7]), [9, null], LIMITS)).toEqual([]);
  });

  it("keeps what is in use or pinned, and outside models, however old", () => {
    expect(versionsToPrune(stored([9, 8, 7, 6, 5, 4]), [4, 4], LIMITS)).toEqual([6, 5]);
    expect(versionsToPrune(stored([9, 8, 7, 6, 5], { external: 5 }), [9, null], LIMITS)).toEqual([6]);
  });

  it("keeps a few even when each is larger than the limit", () => {
    const large = stored([3, 2, 1]).map((version) => ({ ...version, bytes: 1_000 }));
    expect(versionsToPrune(large, [3, null], LIMITS)).toEqual([1]);
  });
});
