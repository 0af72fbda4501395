/**
 * The flags that every command has, with etcdctl's names, and their variables: `--dial-timeout` is
 * `ETCDCTL_DIAL_TIMEOUT`. A flag wins over its variable (etcdctl refuses both at once), and variables that are not of
 * these are somebody else's.
 */
import { Option } from "commander";
import type { Command } from "commander";
import type { ClientOptions, TlsOptions } from "../index.js";
import { parseDurationMs } from "./duration.js";
import { UsageError } from "./exit-codes.js";

/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const OUTPUT_FORMATS = ["simple", "json", "fields", "table"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** What the global flags and the environment say. */
export interface Settings {
  readonly endpoints: readonly string[];
  /** Undefined where nobody asked for TLS; https:// endpoints have it all the same. */
  readonly tls: TlsOptions | undefined;
  readonly auth: { readonly user: string; readonly password: string } | undefined;
  readonly dialTimeoutMs: number;
  /** How long one call may take. */
  readonly commandTimeoutMs: number;
  /** Undefined: the client's own. */
  readonly keepaliveTimeMs: number | undefined;
  readonly keepaliveTimeoutMs: number | undefined;
  /** Undefined: the command's own. */
  readonly format: OutputFormat | undefined;
  readonly hex: boolean;
  readonly debug: boolean;
  readonly jsonErrors: boolean;
}

interface GlobalFlag {
  /** In commander's form; without a `<value>` it is on or off. */
  readonly flags: string;
  readonly description: string;
  /** Of one flag, no variable: it is about how the program is called. */
  readonly hasNoVariable?: true;
}

const GLOBAL_FLAGS: readonly GlobalFlag[] = [
  {
    flags: "--endpoints <list>",
    description: "members of the cluster, separated by commas (127.0.0.1:2379)",
  },
  { flags: "--cacert <file>", description: "certificate authorities that the servers are checked against" },
  { flags: "--cert <file>", description: "the client's certificate" },
  { flags: "--key <file>", description: "the client certificate's key" },
  { flags: "--insecure-skip-tls-verify", description: "do not check the servers' certificates" },
  {
    flags: "--insecure-transport",
    description: "no TLS where neither endpoints nor flags ask for it (true)",
  },
  { flags: "--user <name[:password]>", description: "who we are, where etcd has authentication on" },
  { flags: "--password <password>", description: "and the password, if it is not in --user" },
  { flags: "--dial-timeout <duration>", description: "how long connecting to one endpoint may take (2s)" },
  { flags: "--command-timeout <duration>", description: "how long one call may take, retries included (5s)" },
  {
    flags: "--keepalive-time <duration>",
    description: "a connection this silent is asked for a sign of life (10s)",
  },
  { flags: "--keepalive-timeout <duration>", description: "and is dead without one in this time (3s)" },
  { flags: "-w, --write-out <format>", description: `how to print: ${OUTPUT_FORMATS.join(", ")}` },
  { flags: "--hex", description: "print bytes of keys and values as \\x61 (simple only)" },
  { flags: "--debug", description: "tell on stderr what the client does" },
  { flags: "--json-errors", description: "print errors as one line of JSON", hasNoVariable: true },
];

/** The property of `Command.opts()`: "dialTimeout". */
export const propertyOf = (name: string): string =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/**
 * An option that is on or off. Its hidden opposite is what `--name=false` becomes, which Go's flags allow
 * (`normalizeArguments`).
 */
export function addFlag(command: Command, flags: string, description: string, hidden = false): Command {
  const option = new Option(flags, description).hideHelp(hidden);
  return command.addOption(option).addOption(new Option(`--no-${option.name()}`).hideHelp());
}

/** Those that say which cluster, and how to reach it. */
export const CLUSTER_FLAGS: readonly string[] = [
  ...["endpoints", "cacert", "cert", "key", "insecure-skip-tls-verify", "insecure-transport"],
  ...["user", "password", "dial-timeout", "command-timeout"],
];

/**
 * Gives `command` the global flags, or those of `names`. They may stand before the command's name as well as behind it;
 * help shows them once, with the program.
 */
export function addGlobalFlags(command: Command, hidden: boolean, names?: readonly string[]): void {
  for (const { flags, description } of GLOBAL_FLAGS) {
    const { long, short } = new Option(flags);
    if (names?.includes(new Option(flags).name()) === false) continue;
    if (command.options.some((option) => option.long === long)) continue;
    // A command may use the letter for something else: `lock -w` waits.
    const own = command.options.some((option) => option.short !== undefined && option.short === short);
    const ownFlags = own ? flags.replace(/^-., /, "") : flags;
    if (flags.includes("<")) command.addOption(new Option(ownFlags, description).hideHelp(hidden));
    else addFlag(command, ownFlags, description, hidden);
  }
}

/** Flags by property name, as `Command.opts()` gives them; what was not given is undefined. */
export type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

/** Flags as they would be typed, for another program that has them too. */
export const argumentsOf = (flagValues: FlagValues): string[] =>
  GLOBAL_FLAGS.flatMap(({ flags }) => {
    const name = new Option(flags).name();
    const value = flagValues[propertyOf(name)];
    return value === undefined ? [] : [`--${name}=${String(value)}`];
  });

/** The texts that were given, by the long name of the flag; of those that are on or off, "true" or "false". */
type Given = ReadonlyMap<string, { readonly text: string; readonly where: string }>;

function collect(flagValues: FlagValues, environment: Environment): Given {
  const given = new Map<string, { text: string; where: string }>();
  for (const { flags, hasNoVariable } of GLOBAL_FLAGS) {
    const name = new Option(flags).name();
    const value = flagValues[propertyOf(name)];
    const variable = `ETCDCTL_${name.toUpperCase().replaceAll("-", "_")}`;
    const fromEnvironment = hasNoVariable === true ? undefined : environment[variable];
    if (value !== undefined) given.set(name, { text: String(value), where: `--${name}` });
    // An empty variable is one that a script has not filled in.
    else if (fromEnvironment !== undefined && fromEnvironment !== "")
      given.set(name, { text: fromEnvironment, where: variable });
  }
  return given;
}

/** As Go's strconv.ParseBool reads it. */
const BOOLEANS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true])),
  ...Object.fromEntries(["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false])),
};

/** Undefined for what is no boolean. */
export const parseBoolean = (text: string): boolean | undefined =>
  Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined;

/**
 * What the flags and the environment say, checked.
 *
 * @throws UsageError naming the flag or the variable
 */
export function readSettings(flagValues: FlagValues, environment: Environment): Settings {
  const given = collect(flagValues, environment);
  const text = (name: string): string | undefined => given.get(name)?.text;
  const boolean = (name: string, standard: boolean): boolean => {
    const found = given.get(name);
    if (found === undefined) return standard;
    const value = parseBoolean(found.text);
    if (value === undefined)
      throw new UsageError(`${found.where} is ${JSON.stringify(found.text)}: not true or false`);
    return value;
  };
  const durationMs = (name: string): number | undefined => {
    const found = given.get(name);
    if (found === undefined) return undefined;
    const ms = parseDurationMs(found.text, found.where);
    if (ms === 0) throw new UsageError(`${found.where} is 0: nothing could be done in that time`);
    return ms;
  };

  const endpoints = (text("endpoints") ?? "127.0.0.1:2379").split(",").map((each) => each.trim());
  return {
    endpoints: endpoints.filter((each) => each !== ""),
    tls: tlsOf(endpoints, text, boolean),
    auth: authOf(text("user"), given.get("password")),
    dialTimeoutMs: durationMs("dial-timeout") ?? 2_000,
    commandTimeoutMs: durationMs("command-timeout") ?? 5_000,
    keepaliveTimeMs: durationMs("keepalive-time"),
    keepaliveTimeoutMs: durationMs("keepalive-timeout"),
    format: formatOf(given.get("write-out")),
    hex: boolean("hex", false),
    debug: boolean("debug", false),
    jsonErrors: boolean("json-errors", false),
  };
}

function tlsOf(
  endpoints: readonly string[],
  text: (name: string) => string | undefined,
  boolean: (name: string, standard: boolean) => boolean,
): TlsOptions | undefined {
  const caFile = text("cacert");
  const certFile = text("cert");
  const keyFile = text("key");
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new UsageError("--cert and --key belong together: give both or neither");
  const insecureSkipVerify = boolean("insecure-skip-tls-verify", false);
  const isInsecure = boolean("insecure-transport", true);
  const isWanted = caFile !== undefined || certFile !== undefined || insecureSkipVerify || !isInsecure;
  if (!isWanted && !endpoints.some((each) => each.startsWith("https://"))) return undefined;
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile, keyFile: keyFile! }),
    ...(insecureSkipVerify ? { insecureSkipVerify } : {}),
  };
}

function authOf(
  user: string | undefined,
  password: { text: string; where: string } | undefined,
): Settings["auth"] {
  if (user === undefined) {
    if (password !== undefined) throw new UsageError(`${password.where} is given, and no --user`);
    return undefined;
  }
  // With a password of its own, the user's name may have a colon in it.
  if (password !== undefined) return { user, password: password.text };
  const colonAt = user.indexOf(":");
  if (colonAt < 0)
    throw new UsageError("--user has no password: write --user NAME:PASSWORD, or give --password");
  return { user: user.slice(0, colonAt), password: user.slice(colonAt + 1) };
}

function formatOf(given: { text: string; where: string } | undefined): OutputFormat | undefined {
  if (given === undefined) return undefined;
  const format = OUTPUT_FORMATS.find((each) => each === given.text);
  if (format !== undefined) return format;
  throw new UsageError(
    `${given.where} is ${JSON.stringify(given.text)}: there is ${OUTPUT_FORMATS.join(", ")}`,
  );
}

/** What the client is made with. */
export const clientOptionsOf = (settings: Settings): ClientOptions => ({
  endpoints: settings.endpoints,
  ...(settings.tls === undefined ? {} : { tls: settings.tls }),
  ...(settings.auth === undefined ? {} : { auth: settings.auth }),
  timeoutMs: settings.commandTimeoutMs,
  limits: {
    // As large as etcd sends it: what is printed was asked for, and this process has nothing else to do.
    messageMaxBytes: 2 ** 31 - 1,
    connectTimeoutMs: settings.dialTimeoutMs,
    ...(settings.keepaliveTimeMs === undefined ? {} : { pingIntervalMs: settings.keepaliveTimeMs }),
    ...(settings.keepaliveTimeoutMs === undefined ? {} : { pingTimeoutMs: settings.keepaliveTimeoutMs }),
  },
});
