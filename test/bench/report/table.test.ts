import { afterEach, describe, expect, test, vi } from "vitest";
import { renderTable } from "../../../bench/report/table.js";
import type { Workload } from "../../../bench/harness/workload.js";
import { sampleReport } from "./sample.js";

const workload = (name: string): Workload => ({
  name,
  about: `about ${name}`,
  server: "etcd",
  shows: "calls",
  agentCount: 1,
  seconds: 1,
  warmupSeconds: 0,
  params: [],
  systems: {},
  ratios: [],
});

const workloads = [workload("acquire"), workload("txn")];

describe("the table", () => {
  afterEach(() => vi.unstubAllEnvs());

  /** The lines of one workload's table. */
  const part = (name: string): string[] =>
    renderTable(sampleReport, workloads, false)
      .split("\n\n")
      .find((text) => text.startsWith(`${name}:`))!
      .split("\n");

  test("shows an open loop's response times beside its service times, and how it kept its schedule", () => {
    const [, about, head, ...rows] = part("txn");
    expect(about).toContain("response: the same from when the schedule wanted the operation to start");
    expect(head).toMatch(/response p50 +p99 +p99\.9 +max +late +dropped +lag p99 +client CPU/);
    const { responseTimeUs } = sampleReport.results.find((result) => result.workload === "txn")!;
    expect(rows[0]).toContain(Math.round(responseTimeUs!.p99).toLocaleString("en-US"));
    // Of three runs with 7 and 3 each.
    expect(rows[0]).toMatch(/ 21 +9 /);
  });

  test("says from where to where its times are, of what its operations are", () => {
    const aboutOf = (shows: Workload["shows"]): string[] =>
      renderTable(sampleReport, [{ ...workload("acquire"), shows }], false).split("\n");
    expect(aboutOf("events")[1]).toMatch(/p50 to max: from the call of put to the event, µs$/);
    expect(aboutOf("events")[3]).toMatch(/ client CPU µs\/event +bytes\/watcher +lost +repeated +errors$/);
    expect(aboutOf("proclamations")[1]).toMatch(
      /p50 to max: from the call of proclaim to what an observer hears, µs$/,
    );
    // An observer is a call of the client, and the bench does not weigh it.
    expect(aboutOf("proclamations")[3]).toMatch(/ client CPU µs\/event +lost +repeated +errors$/);
  });

  test("says that queueing is hidden only where it is", () => {
    expect(part("acquire").join("\n")).toContain("Closed loop: queueing is hidden.");
    expect(part("acquire").join("\n")).not.toContain("response p50");
    expect(part("txn").join("\n")).not.toContain("queueing");
  });

  test("says which side was busy, and why", () => {
    expect(part("txn").at(-1)).toBe(
      "Bottleneck: client (etcdwire open rate=500/s poisson and 1 more: one client process uses 90 % of a core)",
    );
  });

  test("says what was not measured, and why", () => {
    expect(renderTable(sampleReport, workloads, false)).toContain(
      "NOT MEASURED: acquire java: no mvn on this machine",
    );
  });

  test("has no colours with NO_COLOR, nor outside of terminals", () => {
    vi.stubEnv("NO_COLOR", "1");
    expect(renderTable(sampleReport, workloads, true)).not.toContain("\u001b[");
    vi.unstubAllEnvs();
    const plain = renderTable(sampleReport, workloads, false);
    expect(plain).not.toContain("\u001b[");
    expect(plain).not.toMatch(/[│┌─]/);
  });
});
