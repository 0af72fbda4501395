import { mkdtempSync, rmSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import diagnostics_channel from "node:diagnostics_channel";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { checkClientOptions } from "../../src/client/client-options.js";
import { Connection } from "../../src/connection/connection.js";
import { nodeRuntime } from "../../src/connection/runtime.js";
import { TlsFiles } from "../../src/connection/tls-files.js";
import { ArgumentError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import type { TlsOptions } from "../../src/options.js";
import { createAuthority } from "../../src/testing/certificates.js";
import type { ConnectionEvent } from "../../src/tracing.js";
import { ManualRuntime } from "../support/memory-socket.js";
import { RecordingListener, connectionOptions } from "../support/recorded-call.js";

const authority = createAuthority("authority");
const pairs = [1, 2, 3].map((number) => authority.issue({ commonName: `client ${number}`, names: [] }));
const [first, second, third] = pairs as [(typeof pairs)[0], (typeof pairs)[0], (typeof pairs)[0]];
const FILES: TlsOptions = { caFile: "/ca", certFile: "/cert", keyFile: "/key" };

const make = (options: TlsOptions = FILES) => {
  const runtime = new ManualRuntime();
  const put = (files: Partial<Record<"ca" | "cert" | "key", string>>): void => {
    for (const [name, text] of Object.entries(files)) runtime.files.set(`/${name}`, text);
  };
  put({ ca: authority.cert, ...first });
  const files = new TlsFiles(options, runtime);
  /** What the next connection would use, and why it is not what lies there. */
  const current = () => {
    const { options: now, problem } = files.current("a:1");
    return { ca: String(now.ca), cert: String(now.cert), key: String(now.key), problem };
  };
  return { runtime, put, current, files };
};

const subscriptions: (() => void)[] = [];
afterEach(() => {
  for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
});
const record = (): ConnectionEvent[] => {
  const events: ConnectionEvent[] = [];
  const listener = (event: unknown): void => void events.push(event as ConnectionEvent);
  diagnostics_channel.subscribe("etcdwire:connection", listener);
  subscriptions.push(() => diagnostics_channel.unsubscribe("etcdwire:connection", listener));
  return events;
};

describe("TLS files", () => {
  test("are read for every connection", () => {
    const { put, current } = make();
    expect(current()).toEqual({ ca: authority.cert, ...first, problem: undefined });
    const other = createAuthority("other").cert;
    put({ ca: `${authority.cert}${other}`, ...second });
    expect(current()).toEqual({ ca: `${authority.cert}${other}`, ...second, problem: undefined });
  });

  const half = (text: string): string => text.slice(0, text.length / 2);
  const broken: [what: string, files: Parameters<ReturnType<typeof make>["put"]>[0], problem: RegExp][] = [
    ["a certificate whose key is not there yet", { cert: second.cert }, /"\/cert" with tls\.keyFile "\/key"/],
    ["a key whose certificate is not there yet", { key: second.key }, /"\/cert" with tls\.keyFile "\/key"/],
    ["half of a certificate", { cert: half(second.cert), key: second.key }, /^tls\.certFile "\/cert" /],
    ["half of a key", { cert: second.cert, key: half(second.key) }, /^tls\.keyFile "\/key" /],
    ["an empty certificate", { cert: "", key: second.key }, /^tls\.certFile "\/cert" /],
    ["an empty key", { cert: second.cert, key: "" }, /^tls\.keyFile "\/key" /],
    ["no authorities", { ca: "" }, /^tls\.caFile "\/ca" /],
    ["half of the second authority", { ca: authority.cert + half(authority.cert) }, /^tls\.caFile "\/ca" /],
    ["something else", { ca: "not PEM", cert: "not PEM", key: "not PEM" }, /^tls\.caFile "\/ca" /],
  ];
  test.each(broken)("with %s are not used: what was usable last is, until they are", (_what, files, text) => {
    const { put, current } = make();
    const events = record();
    const before = current();
    put(files);
    for (let connection = 0; connection < 2; connection++) {
      const { problem, ...used } = current();
      expect({ ...used, problem: undefined }).toEqual(before);
      expect(problem).toMatch(text);
      expect(events.at(-1)).toEqual({ type: "tlsFilesUnusable", endpoint: "a:1", message: problem });
    }
    expect(events).toHaveLength(2);
    put({ ca: authority.cert, ...third });
    expect(current()).toEqual({ ca: authority.cert, ...third, problem: undefined });
    expect(events).toHaveLength(2);
  });

  test("that are missing for a while are not missed", () => {
    const { runtime, put, current } = make();
    runtime.files.clear();
    expect(current()).toEqual({
      ca: authority.cert,
      ...first,
      problem: "tls.caFile cannot be read: ENOENT: no such file or directory, open '/ca'",
    });
    put({ ca: authority.cert, ...second });
    expect(current()).toMatchObject({ ...second, problem: undefined });
  });

  test("that went back to what they were are fine", () => {
    const { put, current } = make();
    put({ key: second.key });
    expect(current().problem).toBeDefined();
    put(first);
    expect(current().problem).toBeUndefined();
  });

  test("stand beside texts and getters", () => {
    const { runtime } = make();
    let count = 0;
    const files = new TlsFiles(
      {
        caFile: "/ca",
        get cert() {
          return `certificate ${++count}`;
        },
        key: "key",
        serverName: "name",
      },
      runtime,
    );
    for (const number of [1, 2]) {
      expect(files.current("a:1").options).toMatchObject({
        ca: Buffer.from(authority.cert),
        cert: `certificate ${number}`,
        key: "key",
        serverName: "name",
      });
    }
  });
});

describe("the client's options", () => {
  const check = (options: TlsOptions, files: Record<string, string> = {}) => {
    const runtime = new ManualRuntime();
    for (const [path, text] of Object.entries(files)) runtime.files.set(path, text);
    return checkClientOptions({ endpoints: "a:1", tls: options, runtime });
  };
  const refused = (options: unknown, text: RegExp, files?: Record<string, string>): void => {
    expect(() => check(options as TlsOptions, files)).toThrow(ArgumentError);
    expect(() => check(options as TlsOptions, files)).toThrow(text);
  };

  test("refuse files that are not there or of no use, because there is nothing to fall back on", () => {
    refused({ caFile: "/ca" }, /^tls\.caFile cannot be read: ENOENT.*\/ca/);
    refused({ caFile: "/ca" }, /tls\.caFile "\/ca"/, { "/ca": "" });
    const files = { "/cert": first.cert, "/key": second.key };
    refused({ certFile: "/cert", keyFile: "/key" }, /"\/cert" with tls\.keyFile "\/key"/, files);
  });

  test("refuse texts that are of no use, as they do files", () => {
    for (const ca of ["", "junk", [], [authority.cert, "junk"], Buffer.from("junk"), first.key])
      refused({ ca }, /^tls\.ca does not hold whole certificates in PEM$/);
    const hollow = authority.cert.replace(/\n[^-]+\n/, "\njunk\n");
    refused({ ca: hollow }, /^tls\.ca does not hold whole certificates in PEM$/);
    refused({ ca: 5 }, /^tls\.ca must be PEM, as text or bytes$/);
    refused({ ...first, cert: "junk" }, /^tls\.cert cannot be used: no whole PEM block$/);
    refused({ ...first, key: "" }, /^tls\.key cannot be used: no whole PEM block$/);
    refused({ ...first, key: second.key }, /^tls\.cert with tls\.key cannot be used/);
    const bytes = (text: string): Buffer => Buffer.from(text);
    expect(check({ ca: [authority.cert, bytes(authority.cert)], ...first }).tls).toBeDefined();
    expect(
      check({ ca: bytes(authority.cert), cert: bytes(first.cert), key: bytes(first.key) }).tls,
    ).toBeDefined();
  });

  test("take a file and its text, as a cluster of etcdwire/testing has both, and refuse others", () => {
    const files = { "/ca": authority.cert, "/cert": first.cert, "/key": first.key };
    expect(check({ ...FILES, ca: authority.cert, ...first }, files).tls).toBeInstanceOf(TlsFiles);
    const other = createAuthority("other").cert;
    refused({ ...FILES, ca: other }, /^tls\.ca and tls\.caFile differ: give one of them$/, files);
    refused({ ...FILES, ca: [authority.cert] }, /^tls\.ca and tls\.caFile differ/, files);
    refused({ ...FILES, ...second }, /^tls\.cert and tls\.certFile differ/, files);
  });

  test("that are undefined are what they are by default", () => {
    const runtime = new ManualRuntime();
    const names = ["tls", "auth", "timeoutMs", "maxRetryDelayMs", "retryBudget", "endpointSyncMs", "limits"];
    const none = Object.fromEntries(names.map((name) => [name, undefined]));
    const plain = checkClientOptions({ endpoints: "a:1", runtime });
    expect(checkClientOptions({ endpoints: "a:1", runtime, ...none })).toEqual(plain);
    expect(checkClientOptions({ endpoints: "a:1", runtime: undefined }).runtime).toBe(nodeRuntime);
    const limits = Object.fromEntries(Object.keys(plain.limits).map((name) => [name, undefined]));
    expect(checkClientOptions({ endpoints: "a:1", runtime, limits })).toEqual(plain);
    const retryBudget = { callsPerRetry: undefined, retriesPerSecond: undefined, savedRetryMax: undefined };
    expect(checkClientOptions({ endpoints: "a:1", runtime, retryBudget }).retryBudget).toEqual({});
    const tls = {
      ca: authority.cert,
      cert: undefined,
      key: undefined,
      caFile: undefined,
      serverName: undefined,
    };
    expect(
      check({ ...tls, certFile: undefined, keyFile: undefined, insecureSkipVerify: undefined }).tls,
    ).toEqual(tls);
  });

  test("refuse halves of a pair, and what is no path", () => {
    refused({ certFile: "/cert" }, /belong together/);
    refused({ keyFile: "/key" }, /belong together/);
    refused({ caFile: 5 }, /tls\.caFile must be a path/);
    refused({ caFile: "" }, /tls\.caFile must be a path/);
    refused({ cafile: "/ca" }, /cafile/);
  });

  test("let connections live for an hour where TLS comes from files, for ever where not, or as long as they say", () => {
    const files = { "/ca": authority.cert };
    expect(check({ caFile: "/ca" }, files).limits.connectionMaxAgeMs).toBe(3_600_000);
    expect(check({ ca: authority.cert }).limits.connectionMaxAgeMs).toBe(0);
    const runtime = new ManualRuntime();
    const options = { endpoints: "a:1", runtime };
    const age = (connectionMaxAgeMs: number): number =>
      checkClientOptions({ ...options, limits: { connectionMaxAgeMs } }).limits.connectionMaxAgeMs;
    expect([age(0), age(1_000)]).toEqual([0, 1_000]);
    expect(() => age(-1)).toThrow(/connectionMaxAgeMs/);
  });
});

describe("on a disk", () => {
  let folder: string;
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("the certificate that lies there is shown, and a refusal says when an older one had to be", async () => {
    folder = mkdtempSync(join(tmpdir(), "etcdwire-tls-files-"));
    const path = (name: string): string => join(folder, name);
    const put = async (name: string, text: string): Promise<void> => {
      await writeFile(path(`${name}.new`), text);
      await rename(path(`${name}.new`), path(name));
    };
    await put("ca", authority.cert);
    await put("cert", first.cert);
    await put("key", first.key);
    const seen: string[] = [];
    let taken = (): boolean => true;
    const server = tls.createServer(
      {
        ...authority.issue({ commonName: "server", names: ["127.0.0.1"] }),
        ca: authority.cert,
        requestCert: true,
        rejectUnauthorized: false,
        ALPNProtocols: ["h2"],
      },
      (socket) => {
        socket.on("error", () => {});
        seen.push(String(socket.getPeerCertificate().subject.CN));
        // SETTINGS, empty; or nothing but the end.
        if (taken()) socket.write(Buffer.from("000000040000000000", "hex"));
        else socket.end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const files = new TlsFiles(
      { caFile: path("ca"), certFile: path("cert"), keyFile: path("key") },
      nodeRuntime,
    );
    const dial = () => {
      const { options, problem } = files.current("a:1");
      const listener = new RecordingListener();
      const target = { endpoint: "a:1", host: "127.0.0.1", port, tls: options, tlsProblem: problem };
      return { listener, connection: new Connection(connectionOptions({ target }), nodeRuntime, listener) };
    };
    expect(DEFAULT_CONNECTION_LIMITS.connectionMaxAgeMs).toBe(0);
    const before = dial();
    await before.listener.opened;
    await put("cert", second.cert);
    const between = dial();
    await between.listener.opened;
    taken = () => false;
    const refused = await dial().listener.closed;
    expect(refused.code).toBe("ETCD_TLS");
    expect(refused.message).toMatch(
      /refused the client certificate.*read earlier, because now tls\.certFile/,
    );
    taken = () => true;
    await put("key", second.key);
    const after = dial();
    await after.listener.opened;
    expect(seen).toEqual(["client 1", "client 1", "client 1", "client 2"]);
    for (const { connection } of [before, between, after]) connection.close();
    server.close();
  });
});
