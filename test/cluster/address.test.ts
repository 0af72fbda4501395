import { describe, expect, test } from "vitest";
import { parseAddress, parseAddresses } from "../../src/cluster/address.js";
import type { Address } from "../../src/cluster/address.js";
import { ArgumentError } from "../../src/errors.js";

const argumentError = (action: () => unknown): ArgumentError => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    return error as ArgumentError;
  }
  throw new Error("nothing was thrown");
};

describe("an endpoint that parses", () => {
  const rows: [text: string, expected: Partial<Address>][] = [
    [
      "127.0.0.1:2379",
      { host: "127.0.0.1", port: 2379, tls: undefined, serverName: undefined, authority: "127.0.0.1:2379" },
    ],
    ["etcd-0.etcd:2379", { host: "etcd-0.etcd", port: 2379, tls: undefined, serverName: "etcd-0.etcd" }],
    ["http://localhost:1", { host: "localhost", port: 1, tls: false, authority: "localhost:1" }],
    ["https://db.example:65535", { host: "db.example", port: 65535, tls: true, serverName: "db.example" }],
    ["https://db.example:2379/", { host: "db.example", port: 2379, authority: "db.example:2379" }],
    ["db.example.:2379", { host: "db.example.", serverName: "db.example", authority: "db.example.:2379" }],
    ["my_service:2379", { host: "my_service", port: 2379 }],
    ["[::1]:2379", { host: "::1", port: 2379, serverName: undefined, authority: "[::1]:2379" }],
    [
      "https://[2001:db8::7]:443",
      { host: "2001:db8::7", port: 443, tls: true, authority: "[2001:db8::7]:443" },
    ],
    ["[fe80::1%eth0]:2379", { host: "fe80::1%eth0", authority: "[fe80::1]:2379" }],
    ["unix:///run/etcd.sock", { path: "/run/etcd.sock", host: "localhost", port: 0, authority: "localhost" }],
    ["unix:/run/etcd.sock", { path: "/run/etcd.sock" }],
    ["unix:etcd.sock", { path: "etcd.sock", tls: undefined, serverName: undefined }],
  ];
  test.each(rows)("%s", (text, expected) => {
    expect(parseAddress(text)).toMatchObject({ ...expected, text });
  });
});

describe("an endpoint that does not parse says what to write", () => {
  const rows: [text: string, message: RegExp][] = [
    ["", /empty: write "host:port"/],
    ["localhost", /no port: write "localhost:2379"/],
    ["https://localhost/", /no port: write "https:\/\/localhost:2379"/],
    ["[::1]", /no port: write "\[::1\]:2379"/],
    [":2379", /no host: write "127\.0\.0\.1:2379"/],
    ["http://", /no host: write "http:\/\/127\.0\.0\.1:2379"/],
    ["http://:", /no host: write "http:\/\/127\.0\.0\.1:2379"/],
    ["host:", /port "": write a number from 1 to 65535/],
    ["host:0", /port "0"/],
    ["host:65536", /port "65536"/],
    ["host:23x9", /port "23x9"/],
    ["host:+2379", /port "\+2379"/],
    ["host:1e3", /port "1e3"/],
    ["[::1]:-1", /port "-1"/],
    ["::1", /without brackets and port: write "\[::1\]:2379"/],
    ["a:b:2379", /too many colons/],
    ["[localhost]:2379", /"localhost" in brackets, which is not an IPv6 address/],
    ["999.1.1.1:2379", /host "999\.1\.1\.1", which is neither a name nor an IP address/],
    ["ho$t:2379", /host "ho\$t"/],
    ["-host:2379", /host "-host"/],
    ["http://host:2379/v3", /more than a host and a port: write "http:\/\/host:2379"/],
    ["host:2379?x=1", /more than a host and a port: write "host:2379"/],
    ["host:2379#x", /more than a host and a port: write "host:2379"/],
    ["grpc://host:2379", /unknown scheme "grpc": use http, https, unix or none/],
    ["HTTP://host:2379", /unknown scheme "HTTP"/],
    ["a:2379,b:2379", /several endpoints as several strings/],
    [" host:2379", /blank or a comma/],
    ["unix:", /names no socket/],
    ["unix:///", /names no socket/],
    ["unix://run/etcd.sock", /write "unix:\/\/\/run\/etcd.sock"/],
  ];
  test.each(rows)("%s", (text, message) => {
    const error = argumentError(() => parseAddress(text));
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`endpoint "${text}"`);
    expect(error.code).toBe("ETCD_INVALID_ARGUMENT");
    expect(error.mayHaveApplied).toBe(false);
  });

  test.each(["http://root:secret@host:2379", "root:secret@host:2379", "https://root:sec/ret@host:2379/x"])(
    "%s, without repeating the password",
    (text) => {
      const { message } = argumentError(() => parseAddress(text));
      expect(message).toMatch(/has a user in it: pass \{ auth/);
      expect(message).toContain("***@host:2379");
      expect(message).not.toMatch(/sec|ret@/);
    },
  );
});

describe("a list of endpoints", () => {
  test("keeps its order", () => {
    expect(parseAddresses(["b:1", "a:2"]).map((address) => address.host)).toEqual(["b", "a"]);
  });

  test("may leave the scheme out of some", () => {
    expect(parseAddresses(["https://a:1", "b:1"]).map((address) => address.tls)).toEqual([true, undefined]);
  });

  test("may not be empty", () => {
    expect(argumentError(() => parseAddresses([])).message).toMatch(/at least one/);
  });

  test("may not mix http and https", () => {
    expect(argumentError(() => parseAddresses(["a:1", "https://b:1", "http://c:1"])).message).toMatch(
      /"http:\/\/c:1" and "https:\/\/b:1" mix http and https/,
    );
  });
});
