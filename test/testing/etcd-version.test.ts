import { expect, test } from "vitest";

import { ArgumentError } from "../../src/errors.js";
import {
  DEFAULT_VERSION,
  NEWEST_OF_LINE,
  RELEASE_SHA256,
  compareVersions,
  parseVersionOutput,
  wantedVersion,
} from "../../src/testing/etcd-version.js";

test("the version is read from what etcd prints", () => {
  const output =
    "etcd Version: 3.6.14\nGit SHA: Not provided\nGo Version: go1.26.8\nGo OS/Arch: linux/amd64\n";
  expect(parseVersionOutput(output)).toBe("3.6.14");
  expect(parseVersionOutput("etcd Version: 3.7.0-rc.1\n")).toBe("3.7.0-rc.1");
  expect(parseVersionOutput('{"level":"warn"}\netcd Version: 3.5.33\n')).toBe("3.5.33");
  expect(parseVersionOutput("GNU bash, version 5.2.15")).toBeUndefined();
  expect(parseVersionOutput("")).toBeUndefined();
});

test("versions are ordered by number, not by text", () => {
  const sorted = ["3.10.0", "3.4.23", "3.6.9", "3.6.14", "3.5"].sort(compareVersions);
  expect(sorted).toEqual(["3.4.23", "3.5", "3.6.9", "3.6.14", "3.10.0"]);
  expect(compareVersions("3.7.0-rc.1", "3.7.0")).toBe(0);
});

test("a line matches all its releases and means the newest known one", () => {
  const wanted = wantedVersion("3.5");
  expect(wanted.exact).toBe("3.5.33");
  expect(wanted.matches("3.5.2")).toBe(true);
  expect(wanted.matches("3.50.1")).toBe(false);
  expect(wantedVersion("3.4").exact).toBeUndefined();
});

test("one version matches itself only, with or without a v", () => {
  for (const request of ["3.6.14", "v3.6.14"]) {
    const wanted = wantedVersion(request);
    expect(wanted).toMatchObject({ exact: "3.6.14", isExplicit: true, text: "3.6.14" });
    expect(wanted.matches("3.6.14")).toBe(true);
    expect(wanted.matches("3.6.1")).toBe(false);
  }
});

test("no request takes any supported server and prefers the default", () => {
  const wanted = wantedVersion(undefined);
  expect(wanted.exact).toBe(DEFAULT_VERSION);
  expect(wanted.matches("3.4.0")).toBe(true);
  expect(wanted.matches("3.3.27")).toBe(false);
  expect(wanted.matches("4.0.0")).toBe(true);
});

test.each(["", "3", "latest", "3.3", "2.3.8", "3.6.14;rm", "3.6.x", " 3.6", "../3.6"])(
  "%j is refused as a version",
  (request) => {
    expect(() => wantedVersion(request)).toThrow(ArgumentError);
  },
);

test("every pinned checksum is a SHA-256, and the default version has one", () => {
  for (const sha256 of RELEASE_SHA256.values()) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(RELEASE_SHA256.has(`${DEFAULT_VERSION} linux-amd64`)).toBe(true);
  expect([...NEWEST_OF_LINE.values()]).toContain(DEFAULT_VERSION);
});
