import { PassThrough } from "node:stream";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { Context } from "../../src/cli/context.js";
import { buildProgram } from "../../src/cli/program.js";

const program = buildProgram(
  new Context({
    env: {},
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  }),
  "1",
);

const descendantsOf = (command: Command): Command[] =>
  command.commands.flatMap((each) => [each, ...descendantsOf(each)]);

test.each(descendantsOf(program).map((command) => [command.name(), command] as const))(
  "the help of %s gives no flag two meanings",
  (_, command) => {
    const flags = command
      .helpInformation()
      .split("\n")
      .flatMap((line) => /^ {2}(-.*?)(?: {2}|$)/.exec(line)?.[1]?.match(/(?<![\w-])--?[\w-]+/g) ?? []);
    expect(flags).toContain("--endpoints");
    expect(new Set(flags).size).toBe(flags.length);
  },
);

test("lock's -w is its time, and --write-out has no short form there", () => {
  const help = (name: string): string =>
    program.commands.find((each) => each.name() === name)!.helpInformation();
  expect(help("lock")).toMatch(/^ {2}-w, --timeout <duration> /m);
  expect(help("lock")).toMatch(/^ {2}--write-out <format> +how to print/m);
  expect(help("get")).toMatch(/^ {2}-w, --write-out <format> +how to print/m);
});
