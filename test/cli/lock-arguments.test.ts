import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { normalizeArguments } from "../../src/cli/command-line.js";
import { Context } from "../../src/cli/context.js";
import { UsageError } from "../../src/cli/exit-codes.js";
import { buildProgram } from "../../src/cli/program.js";

const context = (): Context =>
  new Context({
    env: {},
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  });

test.each([
  ["lock m sh -c x", ["lock", "m"], ["sh", "-c", "x"]],
  ["lock m -- sh -c x", ["lock", "m"], ["sh", "-c", "x"]],
  ["lock m -- -- x", ["lock", "m"], ["--", "x"]],
  ["lock m x -- y", ["lock", "m"], ["x", "--", "y"]],
  ["lock m -n x -n", ["lock", "m", "-n"], ["x", "-n"]],
  ["lock -w 3s m x", ["lock", "-w", "3s", "m"], ["x"]],
  ["lock m -w 3s x -w 4s", ["lock", "m", "-w", "3s"], ["x", "-w", "4s"]],
  ["lock m -w3s x", ["lock", "m", "-w3s"], ["x"]],
  ["lock m -nE 9 x", ["lock", "m", "-nE", "9"], ["x"]],
  ["lock m --ttl=5s --endpoints a,b x", ["lock", "m", "--ttl=5s", "--endpoints", "a,b"], ["x"]],
  ["-w json lock m lock get", ["-w", "json", "lock", "m"], ["lock", "get"]],
  ["lock get put", ["lock", "get"], ["put"]],
  ["lock m", ["lock", "m"], undefined],
  ["lock m --", ["lock", "m"], []],
])("%s: our arguments end where the command begins", (given, own, trailing) => {
  expect(normalizeArguments(buildProgram(context(), "1"), given.split(" "))).toEqual({ own, trailing });
});

const carryOut = async (given: readonly string[]): Promise<void> => {
  const ours = context();
  const program = buildProgram(ours, "1");
  const { own, trailing } = normalizeArguments(program, given);
  ours.trailing = trailing;
  await program.parseAsync(own, { from: "user" });
};

test.each([
  [["", "true"]],
  [["m", "--"]],
  [["m", "--ttl", "0", "true"]],
  [["m", "--ttl", "soon", "true"]],
  [["m", "-w", "-1s", "true"]],
  [["m", "-w", "1.2.3", "true"]],
  [["m", "-E", "256", "true"]],
  [["m", "-E", "", "true"]],
  [["m", "--grace", "x", "true"]],
  [["m", "--on-lost", "cry", "true"]],
])("lock %j is a usage error", async (given) => {
  await expect(carryOut(["lock", ...given])).rejects.toThrow(UsageError);
});

test.each([[[]], [["m", "--unknown", "true"]], [["m", "--ttl"]]])(
  "lock %j is none of its command lines",
  async (given) => {
    await expect(carryOut(["lock", ...given])).rejects.toMatchObject({ name: "CommanderError", exitCode: 1 });
  },
);

test.each([
  [["name"]],
  [["-l", "name", "proposal"]],
  [["", "proposal"]],
  [["name", "proposal", "--ttl", "0s"]],
])("elect %j is a usage error", async (given) => {
  await expect(carryOut(["elect", ...given])).rejects.toThrow(UsageError);
});
