import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attacks } from "./attacks.js";
import { breaches } from "./flood-bounds.js";
import { FloodStage } from "./flood-run.js";
import type { FloodReport } from "./flood-run.js";

// Each attack for a moment: outcomes, counts and memory. What needs a quiet machine and more time, the delay of the
// event loop above all, is `npm run test:floods`.
const SECONDS = 0.2;

describe("a client that has a hostile server and a healthy one", () => {
  const names = Object.keys(attacks);
  let stage: FloodStage;
  let reports: AsyncGenerator<FloodReport>;

  beforeAll(async () => {
    stage = await FloodStage.open();
    reports = stage.run(names, SECONDS);
  }, 60_000);

  afterAll(async () => {
    await reports.return(undefined);
    await stage.close();
  });

  test.each(names)("keeps its bounds and its other calls under: %s", async (name) => {
    const report = (await reports.next()).value as FloodReport;
    expect(report.name).toBe(name);
    expect(breaches(report, SECONDS, false)).toEqual([]);
  });

  test("ends by itself after all of them, with nothing uncaught", async () => {
    // The generator throws unless the exit code is 0.
    expect(await reports.next()).toEqual({ done: true, value: undefined });
  });
});
