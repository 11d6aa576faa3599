import { describe, expect, it } from "vitest";
import { featureSpec } from "@/contracts/project";
import type { FeatureVersionRow, PoolState } from "./features.db";
import type { EmbeddingState } from "./planBuild";
import { featureSpecHash, planBuild } from "./planBuild";

const TEXT = featureSpec.parse({ kind: "text" });
const VECTORS = featureSpec.parse({ kind: "embedding", name: "e5" });
const NONE = { relearn: false, embeddings: null };

function version(over: Partial<FeatureVersionRow> = {}): FeatureVersionRow {
  const spec = over.spec ?? TEXT;
  const report = { nRowsAtLearning: 1000 };
  return {
    version: 1,
    spec,
    specHash: featureSpecHash(spec),
    dim: 256,
    state: "ready",
    blobKey: "k",
    nRows: 1000,
    seed: "s",
    report,
    ...over,
  };
}

function pool(over: Partial<PoolState> = {}): PoolState {
  return {
    nextRow: 1000,
    activeFeatureVersion: 1,
    modelFeatureVersion: null,
    isImporting: false,
    versions: [version()],
    ...over,
  };
}

describe("planBuild", () => {
  it("learns the first version once there are items", () => {
    expect(planBuild(TEXT, pool({ nextRow: 0, activeFeatureVersion: null, versions: [] }), NONE)).toEqual({
      kind: "nothing",
      reason: "noItems",
    });
    expect(planBuild(TEXT, pool({ activeFeatureVersion: null, versions: [] }), NONE)).toEqual({
      kind: "learn",
      nRows: 1000,
    });
  });

  it("appends new rows and finds nothing to do without them", () => {
    expect(planBuild(TEXT, pool(), NONE)).toEqual({ kind: "nothing", reason: "upToDate" });
    expect(planBuild(TEXT, pool({ nextRow: 1100 }), NONE)).toMatchObject({ kind: "append", nRows: 1100 });
  });

  it("learns anew when asked, when the settings changed, and when the pool has outgrown its sample", () => {
    expect(planBuild(TEXT, pool(), { ...NONE, relearn: true }).kind).toBe("learn");
    expect(planBuild(featureSpec.parse({ kind: "text", dim: 64 }), pool(), NONE).kind).toBe("learn");
    expect(planBuild(TEXT, pool({ nextRow: 2000 }), NONE).kind).toBe("learn");
  });

  it("does not learn anew while an import runs, for a few rows, or beyond the size of the sample", () => {
    expect(planBuild(TEXT, pool({ nextRow: 2000, isImporting: true }), NONE).kind).toBe("append");
    const small = version({ nRows: 20, report: { nRowsAtLearning: 20 } });
    expect(planBuild(TEXT, pool({ nextRow: 60, versions: [small] }), NONE).kind).toBe("append");
    const large = version({ nRows: 20_000, report: { nRowsAtLearning: 20_000 } });
    expect(planBuild(TEXT, pool({ nextRow: 90_000, versions: [large] }), NONE).kind).toBe("append");
  });

  it("goes on with an unfinished version of the wanted kind only", () => {
    const building = version({ version: 2, state: "building" });
    expect(planBuild(TEXT, pool({ versions: [version(), building] }), NONE)).toMatchObject({
      kind: "resume",
      version: { version: 2 },
    });
    const other = version({ version: 2, state: "building", spec: featureSpec.parse({ kind: "text", dim: 32 }) });
    expect(planBuild(TEXT, pool({ versions: [version(), other] }), NONE).kind).toBe("nothing");
  });

  it("does not try again what failed, until the pool changed or someone asks", () => {
    const failed = version({ version: 1, state: "failed", report: { nRowsAtLearning: 1000 } });
    const state = pool({ activeFeatureVersion: null, versions: [failed] });
    expect(planBuild(TEXT, state, NONE)).toEqual({ kind: "nothing", reason: "failedBefore" });
    expect(planBuild(TEXT, { ...state, nextRow: 1001 }, NONE).kind).toBe("learn");
    expect(planBuild(TEXT, state, { ...NONE, relearn: true }).kind).toBe("learn");
  });

  it("keeps the features of a model that was rolled back to going", () => {
    const old = version({ version: 1, spec: featureSpec.parse({ kind: "text", dim: 32 }), nRows: 900 });
    const state = pool({ activeFeatureVersion: 2, modelFeatureVersion: 1, versions: [old, version({ version: 2 })] });
    expect(planBuild(TEXT, state, NONE)).toMatchObject({ kind: "append", version: { version: 1 }, nRows: 1000 });
  });

  describe("with ingested vectors", () => {
    const vectors = version({ spec: VECTORS, nRows: 500, report: { nRowsAtLearning: 800, throughChunk: 3 } });
    const plan = (embeddings: EmbeddingState) =>
      planBuild(VECTORS, pool({ versions: [vectors] }), { relearn: false, embeddings });

    it("waits for the first ones", () => {
      const embeddings = { throughChunk: 0, nRows: 0, lowestNewRow: Number.POSITIVE_INFINITY };
      expect(plan(embeddings)).toEqual({ kind: "nothing", reason: "noVectors" });
    });

    it("appends vectors of later rows, and begins a version when earlier rows get theirs", () => {
      expect(plan({ throughChunk: 4, nRows: 700, lowestNewRow: 500 })).toMatchObject({ kind: "append", nRows: 700 });
      expect(plan({ throughChunk: 4, nRows: 700, lowestNewRow: 499 })).toEqual({ kind: "learn", nRows: 700 });
      expect(plan({ throughChunk: 3, nRows: 500, lowestNewRow: Number.POSITIVE_INFINITY }).kind).toBe("nothing");
    });
  });
});
