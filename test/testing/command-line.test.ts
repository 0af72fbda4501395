import { expect, test } from "vitest";

import { ArgumentError } from "../../src/errors.js";
import { parseCommandLine } from "../../src/testing/command-line.js";

test("no arguments ask for one plaintext member", () => {
  expect(parseCommandLine([])).toMatchObject({ members: 1, tls: false, auth: false, shortElections: false });
});

test("every option arrives", () => {
  const line = [
    "--members=3",
    "--tls",
    "--auth",
    "--short-elections",
    "--version",
    "3.5",
    "--data-dir=/data",
  ];
  expect(parseCommandLine([...line, "--", "--snapshot-count=10", "--help"])).toEqual({
    members: 3,
    tls: true,
    auth: true,
    shortElections: true,
    version: "3.5",
    dataDir: "/data",
    extraArguments: ["--snapshot-count=10", "--help"],
  });
  expect(parseCommandLine(["--mutual-tls"])).toMatchObject({ tls: "mutual" });
  expect(parseCommandLine(["-h"])).toBe("help");
});

test.each([[["--bogus"]], [["--members", "2"]], [["--members"]], [["extra"]], [["--tls=yes"]]])(
  "%j is refused",
  (line) => {
    expect(() => parseCommandLine(line)).toThrow(ArgumentError);
  },
);
