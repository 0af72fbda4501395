import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/cli/exit-codes.js";
import { addGlobalFlags, clientOptionsOf, readSettings } from "../../src/cli/global-flags.js";
import type { Environment, FlagValues, Settings } from "../../src/cli/global-flags.js";
import { normalizeArguments } from "../../src/cli/command-line.js";
import { Client } from "../../src/index.js";

/** What a command line of global flags says. */
const settingsOf = (args: readonly string[], environment: Environment = {}): Settings => {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addGlobalFlags(program, false);
  program.parse(normalizeArguments(program, args).own, { from: "user" });
  return readSettings(program.opts<FlagValues>(), environment);
};

test("without flags and variables, the defaults are etcdctl's", () => {
  expect(settingsOf([])).toEqual({
    endpoints: ["127.0.0.1:2379"],
    tls: undefined,
    auth: undefined,
    dialTimeoutMs: 2_000,
    commandTimeoutMs: 5_000,
    keepaliveTimeMs: undefined,
    keepaliveTimeoutMs: undefined,
    format: undefined,
    hex: false,
    debug: false,
    jsonErrors: false,
  });
});

const values: [
  flag: string,
  variable: string,
  text: string,
  other: string,
  read: (s: Settings) => unknown,
][] = [
  ["--endpoints", "ETCDCTL_ENDPOINTS", "a:1,b:2", "c:3", (s) => s.endpoints.join()],
  ["--cacert", "ETCDCTL_CACERT", "ca.pem", "other.pem", (s) => s.tls?.caFile],
  ["--dial-timeout", "ETCDCTL_DIAL_TIMEOUT", "3s", "4s", (s) => s.dialTimeoutMs],
  ["--command-timeout", "ETCDCTL_COMMAND_TIMEOUT", "3s", "4s", (s) => s.commandTimeoutMs],
  ["--keepalive-time", "ETCDCTL_KEEPALIVE_TIME", "30s", "4s", (s) => s.keepaliveTimeMs],
  ["--keepalive-timeout", "ETCDCTL_KEEPALIVE_TIMEOUT", "3s", "4s", (s) => s.keepaliveTimeoutMs],
  ["--write-out", "ETCDCTL_WRITE_OUT", "json", "table", (s) => s.format],
  ["--user", "ETCDCTL_USER", "u:p", "v:q", (s) => s.auth?.user],
];
test.each(values)("%s and %s say the same, and the flag wins", (flag, variable, text, other, read) => {
  const byFlag = read(settingsOf([flag, text]));
  expect(byFlag).not.toEqual(read(settingsOf([])));
  expect(read(settingsOf([], { [variable]: text }))).toEqual(byFlag);
  expect(read(settingsOf([flag, text], { [variable]: other }))).toEqual(byFlag);
  expect(read(settingsOf([`${flag}=${text}`], { [variable]: other }))).toEqual(byFlag);
  expect(read(settingsOf([], { [variable]: "" }))).toEqual(read(settingsOf([])));
});

const switches: [flag: string, variable: string, read: (s: Settings) => unknown][] = [
  ["--hex", "ETCDCTL_HEX", (s) => s.hex],
  ["--debug", "ETCDCTL_DEBUG", (s) => s.debug],
  [
    "--insecure-skip-tls-verify",
    "ETCDCTL_INSECURE_SKIP_TLS_VERIFY",
    (s) => s.tls?.insecureSkipVerify === true,
  ],
  ["--insecure-transport", "ETCDCTL_INSECURE_TRANSPORT", (s) => s.tls === undefined],
];
test.each(switches)(
  "%s and %s may be true or false, as Go writes them, and the flag wins",
  (flag, variable, read) => {
    expect(read(settingsOf([flag], { [variable]: "false" }))).toBe(true);
    expect(read(settingsOf([`${flag}=true`], { [variable]: "f" }))).toBe(true);
    expect(read(settingsOf([`${flag}=false`], { [variable]: "1" }))).toBe(false);
    expect(read(settingsOf([], { [variable]: "TRUE" }))).toBe(true);
    expect(read(settingsOf([], { [variable]: "0" }))).toBe(false);
    expect(() => settingsOf([], { [variable]: "yes" })).toThrow(`${variable} is "yes": not true or false`);
  },
);

test("variables that are not ours are ignored, one for --json-errors among them", () => {
  const environment = {
    ETCDCTL_API: "3",
    ETCDCTL_FOO: "x",
    ETCDCTL_JSON_ERRORS: "true",
    ETCDCTL_WATCH_KEY: "k",
  };
  expect(settingsOf([], environment)).toEqual(settingsOf([]));
});

const wrong: [args: string[], environment: Environment, message: string | RegExp][] = [
  [["--command-timeout", "5"], {}, "--command-timeout is"],
  [[], { ETCDCTL_COMMAND_TIMEOUT: "5" }, "ETCDCTL_COMMAND_TIMEOUT is"],
  [["--dial-timeout=0"], {}, "--dial-timeout is 0"],
  [["-w", "xml"], {}, /--write-out is "xml": there is simple, json/],
  [["-w", "protobuf"], {}, /there is simple, json/],
  [["--cert", "a"], {}, "--cert and --key belong together"],
  [["--key", "a"], {}, "--cert and --key belong together"],
  [["--user", "root"], {}, "--user has no password"],
  [["--password", "x"], {}, "--password is given, and no --user"],
  [[], { ETCDCTL_PASSWORD: "x" }, "ETCDCTL_PASSWORD is given, and no --user"],
];
test.each(wrong)("%j %j is refused before anything is sent", (args, environment, message) => {
  expect(() => settingsOf(args, environment)).toThrow(UsageError);
  expect(() => settingsOf(args, environment)).toThrow(message);
});

test("a user's password stands behind the first colon, or in --password, and then the name may have one", () => {
  expect(settingsOf(["--user", "a:b:c"]).auth).toEqual({ user: "a", password: "b:c" });
  expect(settingsOf(["--user", "a:b", "--password", "c"]).auth).toEqual({ user: "a:b", password: "c" });
  expect(settingsOf(["--user", "a:"]).auth).toEqual({ user: "a", password: "" });
});

describe("TLS", () => {
  test("is used where a certificate, an endpoint or --insecure-transport=false asks for it", () => {
    expect(settingsOf(["--cacert", "ca"]).tls).toEqual({ caFile: "ca" });
    expect(settingsOf(["--cert", "c", "--key", "k"]).tls).toEqual({ certFile: "c", keyFile: "k" });
    expect(settingsOf(["--endpoints", "https://a:1"]).tls).toEqual({});
    expect(settingsOf(["--insecure-transport=false"]).tls).toEqual({});
    expect(settingsOf(["--insecure-skip-tls-verify"]).tls).toEqual({ insecureSkipVerify: true });
    expect(settingsOf(["--endpoints", "http://a:1"]).tls).toBeUndefined();
  });
});

test("the client takes what the flags make", async () => {
  const flags = [
    "--endpoints",
    "a:1, b:2,",
    "--keepalive-time",
    "20s",
    "--keepalive-timeout",
    "1s",
    "--user",
    "u:p",
  ];
  const options = clientOptionsOf(settingsOf(flags));
  expect(options).toMatchObject({
    endpoints: ["a:1", "b:2"],
    timeoutMs: 5_000,
    auth: { user: "u", password: "p" },
    limits: { connectTimeoutMs: 2_000, pingIntervalMs: 20_000, pingTimeoutMs: 1_000 },
  });
  await new Client(options).close();
});
