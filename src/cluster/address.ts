import { isIP, isIPv6 } from "node:net";
import { ArgumentError } from "../errors.js";

/** Where one endpoint listens, read from the text that the user gave. */
export interface Address {
  /** As the user wrote it; errors and `EtcdError.endpoint` show this. */
  readonly text: string;
  /** Name or IP address for the socket, without brackets. `localhost` for a unix socket. */
  readonly host: string;
  /** 1 to 65535; 0 for a unix socket. */
  readonly port: number;
  /** What the scheme says: `https` true, `http` false. Without a scheme the client's `tls` option decides. */
  readonly tls: boolean | undefined;
  /** The file of a unix socket. */
  readonly path: string | undefined;
  /** The name to send as SNI and to check the certificate against; none for IPs (RFC 6066 §3). */
  readonly serverName: string | undefined;
  /** The `:authority` of requests (RFC 9113 §8.3.1). */
  readonly authority: string;
}

const PORT_MAX = 65_535;

/** A name as resolvers take it. Underscores are no host names by RFC 1123, but are common in containers. */
const HOST_NAME =
  /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;

const LOOKS_LIKE_IPV4 = /^[\d.]+$/;

/** Messages go to logs, and what stands before an `@` may be a password. */
const withoutUser = (text: string): string => text.replace(/^(\w+:\/\/)?.*@/, "$1***@");

const refuse = (text: string, why: string): ArgumentError =>
  new ArgumentError(`endpoint "${withoutUser(text)}" ${why}`);

/**
 * Reads `host:port`, `http://host:port`, `https://host:port`, `[::1]:2379`, `unix:///path` or `unix:path`;
 * one slash at the end is ignored.
 *
 * @throws ArgumentError that names the endpoint and says what to write instead
 */
export function parseAddress(text: string): Address {
  if (text === "") throw new ArgumentError('endpoint "" is empty: write "host:port"');
  if (/[\s,]/.test(text)) {
    throw refuse(text, "has a blank or a comma in it: give several endpoints as several strings");
  }
  if (text.startsWith("unix:")) return parseUnix(text);

  const scheme = /^([^/[\]@]*):\/\//.exec(text)?.[1];
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    throw refuse(text, `has the unknown scheme "${scheme}": use http, https, unix or none`);
  }
  const prefix = scheme === undefined ? "" : `${scheme}://`;
  const rest = text.slice(prefix.length).replace(/\/$/, "");
  if (rest.includes("@")) {
    throw refuse(text, "has a user in it: pass { auth: { user, password } } to the client instead");
  }
  const extraAt = rest.search(/[/?#]/);
  if (extraAt >= 0) {
    throw refuse(text, `has more than a host and a port: write "${prefix}${rest.slice(0, extraAt)}"`);
  }

  const { host, portText } = splitHostAndPort(text, prefix, rest);
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port < 1 || port > PORT_MAX) {
    throw refuse(text, `has the port "${portText}": write a number from 1 to ${PORT_MAX}`);
  }
  return {
    text,
    host,
    port,
    tls: scheme === undefined ? undefined : scheme === "https",
    path: undefined,
    // RFC 6066 §3: without the trailing dot.
    serverName: isIP(host) === 0 ? host.replace(/\.$/, "") : undefined,
    // RFC 6874 §1: a zone means something on this machine only.
    authority: isIPv6(host) ? `[${host.replace(/%.*$/, "")}]:${port}` : `${host}:${port}`,
  };
}

function splitHostAndPort(text: string, prefix: string, rest: string): { host: string; portText: string } {
  const bracketed = /^\[([^\]]*)\](.*)$/.exec(rest);
  if (bracketed !== null) {
    const host = bracketed[1]!;
    const tail = bracketed[2]!;
    if (!isIPv6(host)) throw refuse(text, `has "${host}" in brackets, which is not an IPv6 address`);
    if (!tail.startsWith(":")) throw refuse(text, `has no port: write "${prefix}[${host}]:2379"`);
    return { host, portText: tail.slice(1) };
  }
  if (isIPv6(rest)) {
    throw refuse(text, `is an IPv6 address without brackets and port: write "${prefix}[${rest}]:2379"`);
  }
  const colonAt = rest.lastIndexOf(":");
  const host = colonAt < 0 ? rest : rest.slice(0, colonAt);
  if (host === "")
    throw refuse(
      text,
      `has no host: write "${prefix}127.0.0.1:${/^:\d+$/.test(rest) ? rest.slice(1) : 2379}"`,
    );
  if (host.includes(":")) {
    throw refuse(
      text,
      `has too many colons: write "host:port", or an IPv6 address in brackets as "[::1]:2379"`,
    );
  }
  if (LOOKS_LIKE_IPV4.test(host) ? isIP(host) === 0 : !HOST_NAME.test(host)) {
    throw refuse(text, `has the host "${host}", which is neither a name nor an IP address`);
  }
  if (colonAt < 0) throw refuse(text, `has no port: write "${prefix}${host}:2379"`);
  return { host, portText: rest.slice(colonAt + 1) };
}

function parseUnix(text: string): Address {
  const rest = text.slice("unix:".length);
  if (rest.startsWith("//") && !rest.startsWith("///")) {
    throw refuse(
      text,
      `has a host in it: write "unix:///${rest.slice(2)}", or "unix:path" for a relative one`,
    );
  }
  const path = rest.replace(/^\/\/\//, "/");
  if (path === "" || path.endsWith("/"))
    throw refuse(text, 'names no socket: write "unix:///path/to/socket"');
  // gRPC's name resolution for unix sockets gives every one of them the authority "localhost".
  return {
    text,
    host: "localhost",
    port: 0,
    tls: undefined,
    path,
    serverName: undefined,
    authority: "localhost",
  };
}

/**
 * Reads the endpoints of one cluster.
 *
 * @throws ArgumentError if there are none, if one does not parse, or if `http` and `https` are mixed: half of
 *   the calls would go out unprotected, and which half would change with the leader
 */
export function parseAddresses(texts: readonly string[]): Address[] {
  if (texts.length === 0)
    throw new ArgumentError('no endpoints: give at least one, such as "127.0.0.1:2379"');
  const addresses = texts.map(parseAddress);
  const plain = addresses.find((address) => address.tls === false);
  const secure = addresses.find((address) => address.tls === true);
  if (plain !== undefined && secure !== undefined) {
    throw new ArgumentError(
      `endpoints "${plain.text}" and "${secure.text}" mix http and https: give all of them the same scheme`,
    );
  }
  return addresses;
}
