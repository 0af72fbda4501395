import { X509Certificate, createPrivateKey } from "node:crypto";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";

import { expect, test } from "vitest";

import { createAuthority } from "../../src/testing/certificates.js";

const authority = createAuthority("test authority");

test("an authority signs itself and may sign others", () => {
  const own = new X509Certificate(authority.cert);
  expect(own.ca).toBe(true);
  expect(own.subject).toBe("CN=test authority");
  expect(own.verify(own.publicKey)).toBe(true);
  expect(own.checkPrivateKey(createPrivateKey(authority.key))).toBe(true);
});

test("a certificate names its hosts, addresses, uses and issuer", () => {
  const names = [
    "localhost",
    "a.example",
    "127.0.0.1",
    "::1",
    "2001:db8::8:800:200c:417a",
    "::ffff:10.0.0.1",
  ];
  const pair = authority.issue({ commonName: "server é", names });
  const cert = new X509Certificate(pair.cert);
  expect(cert.ca).toBe(false);
  expect(cert.subject).toBe("CN=server é");
  expect(cert.checkIssued(new X509Certificate(authority.cert))).toBe(true);
  expect(cert.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  expect(cert.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
  expect(cert.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  expect(cert.checkHost("a.example")).toBe("a.example");
  expect(cert.checkHost("b.example")).toBeUndefined();
  for (const address of ["127.0.0.1", "::1", "2001:db8::8:800:200c:417a"])
    expect(cert.checkIP(address)).toBe(address);
  expect(cert.checkIP("127.0.0.2")).toBeUndefined();
});

test.each([
  ["2020-01-02T03:04:05.678Z", "2049-12-31T23:59:59.000Z"],
  ["1999-12-31T23:59:59.000Z", "2050-01-01T00:00:00.000Z"],
])("validity from %s to %s is kept, to the second", (from, to) => {
  const { cert } = authority.issue({
    commonName: "x",
    names: [],
    notBefore: new Date(from),
    notAfter: new Date(to),
  });
  const { validFrom, validTo } = new X509Certificate(cert);
  expect(new Date(validFrom).getTime()).toBe(Math.floor(Date.parse(from) / 1000) * 1000);
  expect(new Date(validTo).getTime()).toBe(Date.parse(to));
});

test("serial numbers differ", () => {
  const serials = Array.from({ length: 20 }, () => {
    return new X509Certificate(authority.issue({ commonName: "x", names: [] }).cert).serialNumber;
  });
  expect(new Set(serials).size).toBe(20);
});

test("both sides of a TLS connection accept each other's certificate, by address", async () => {
  const server = authority.issue({ commonName: "server", names: ["127.0.0.1"] });
  const client = authority.issue({ commonName: "client", names: [] });
  const listener = createServer({
    ...server,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const accepted = new Promise<TLSSocket>((resolve) => listener.once("secureConnection", resolve));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ host: "127.0.0.1", port, ca: authority.cert, ...client });
  try {
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    expect(socket.authorized).toBe(true);
    expect((await accepted).getPeerCertificate().subject.CN).toBe("client");
  } finally {
    socket.destroy();
    listener.close();
  }
});
