import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestContext } from "../harness/testContext";
import { createTestContext } from "../harness/testContext";
import { Simulation } from "./Simulation";

/**
 * Seeds to run: WINNOW_SIM_SEEDS=5000 for a night, WINNOW_SIM_SEED=17 for one again. WINNOW_SIM_STEPS changes the length.
 * A failure names its seed and prints what was done.
 */
const ONE = process.env.WINNOW_SIM_SEED;
const N_SEEDS = Number(process.env.WINNOW_SIM_SEEDS ?? 20);
const N_STEPS = Number(process.env.WINNOW_SIM_STEPS ?? 45);
const SEEDS = ONE === undefined ? Array.from({ length: N_SEEDS }, (_, i) => String(i + 1)) : [ONE];
const LOG_LINES = 60;

let world: TestContext;
beforeAll(async () => {
  world = await createTestContext();
});
afterAll(() => world.cleanup());

describe("the queue under people, crashes and clocks", () => {
  test.each(SEEDS)("keeps its promises, seed %s", async (seed) => {
    const simulation = new Simulation(world, seed);
    let stepsDone = 0;
    try {
      await simulation.setUp();
      for (; stepsDone < N_STEPS; stepsDone++) await simulation.step();
      await simulation.finish();
    } catch (error) {
      const story = simulation.log.slice(-LOG_LINES).join("\n");
      throw new Error(`seed ${seed}, step ${stepsDone}: ${(error as Error).message}\n\n${story}`, { cause: error });
    }
    expect(stepsDone).toBe(N_STEPS);
  });
});
