import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";

/** A certificate and its private key, as PEM texts. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface CertificateRequest {
  /** The subject's common name. etcd takes it as the user name of a client that shows this certificate. */
  commonName: string;
  /** DNS names and IP addresses. */
  names: readonly string[];
  /** Default: an hour ago, so that a clock that differs a little does no harm. */
  notBefore?: Date | undefined;
  /** Default: in a year. */
  notAfter?: Date | undefined;
}

/** Signs certificates for both server and client use. */
export interface Authority extends CertificatePair {
  issue(request: CertificateRequest): CertificatePair;
}

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

/** DER tags, X.690 §8; the context tags are those of RFC 5280. */
const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_ID: 0x06,
  UTF8_STRING: 0x0c,
  GENERALIZED_TIME: 0x18,
  UTC_TIME: 0x17,
  SEQUENCE: 0x30,
  SET: 0x31,
  DNS_NAME: 0x82,
  IP_ADDRESS: 0x87,
  VERSION: 0xa0,
  KEY_ID: 0x80,
  EXTENSIONS: 0xa3,
} as const;

const ECDSA_WITH_SHA256 = objectId("1.2.840.10045.4.3.2");
const COMMON_NAME = objectId("2.5.4.3");
const SUBJECT_KEY_ID = objectId("2.5.29.14");
const KEY_USAGE = objectId("2.5.29.15");
const SUBJECT_ALT_NAME = objectId("2.5.29.17");
const BASIC_CONSTRAINTS = objectId("2.5.29.19");
const AUTHORITY_KEY_ID = objectId("2.5.29.35");
const EXTENDED_KEY_USAGE = objectId("2.5.29.37");
const SERVER_AUTH = objectId("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH = objectId("1.3.6.1.5.5.7.3.2");

/**
 * Makes a certificate authority for tests: ECDSA on P-256, about 1 ms for each certificate. Written out here because
 * Node cannot make certificates, and users of `etcdwire/testing` should not need another package for it.
 */
export function createAuthority(commonName: string): Authority {
  const subject = { keys: generateKeyPairSync("ec", { namedCurve: "P-256" }), commonName };
  const own = certificate(subject.keys.publicKey, { commonName, names: [] }, subject, true);
  return {
    cert: own,
    key: privateKeyPem(subject.keys.privateKey),
    issue(request) {
      const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
      return {
        cert: certificate(keys.publicKey, request, subject, false),
        key: privateKeyPem(keys.privateKey),
      };
    },
  };
}

interface Issuer {
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly commonName: string;
}

/** RFC 5280 §4.1: TBSCertificate, signatureAlgorithm, signatureValue. */
function certificate(
  publicKey: KeyObject,
  request: CertificateRequest,
  issuer: Issuer,
  isAuthority: boolean,
): string {
  const nowMs = Date.now();
  const algorithm = der(Tag.SEQUENCE, ECDSA_WITH_SHA256);
  const body = der(
    Tag.SEQUENCE,
    der(Tag.VERSION, der(Tag.INTEGER, Buffer.of(2))), // v3
    der(Tag.INTEGER, serialNumber()),
    algorithm,
    distinguishedName(issuer.commonName),
    der(
      Tag.SEQUENCE,
      time(request.notBefore ?? new Date(nowMs - HOUR_MS)),
      time(request.notAfter ?? new Date(nowMs + YEAR_MS)),
    ),
    distinguishedName(request.commonName),
    publicKey.export({ type: "spki", format: "der" }),
    der(Tag.EXTENSIONS, der(Tag.SEQUENCE, ...extensions(publicKey, request, issuer, isAuthority))),
  );
  const signature = sign("sha256", body, issuer.keys.privateKey);
  return pem("CERTIFICATE", der(Tag.SEQUENCE, body, algorithm, bitString(signature)));
}

function extensions(
  publicKey: KeyObject,
  request: CertificateRequest,
  issuer: Issuer,
  isAuthority: boolean,
): Uint8Array[] {
  const list = [
    extension(
      BASIC_CONSTRAINTS,
      true,
      der(Tag.SEQUENCE, ...(isAuthority ? [der(Tag.BOOLEAN, Buffer.of(0xff))] : [])),
    ),
    // RFC 5280 §4.2.1.3: keyCertSign and cRLSign for an authority, digitalSignature for all others.
    extension(KEY_USAGE, true, isAuthority ? bitString(Buffer.of(0x06), 1) : bitString(Buffer.of(0x80), 7)),
    extension(SUBJECT_KEY_ID, false, der(Tag.OCTET_STRING, keyId(publicKey))),
    extension(AUTHORITY_KEY_ID, false, der(Tag.SEQUENCE, der(Tag.KEY_ID, keyId(issuer.keys.publicKey)))),
  ];
  if (!isAuthority)
    list.push(extension(EXTENDED_KEY_USAGE, false, der(Tag.SEQUENCE, SERVER_AUTH, CLIENT_AUTH)));
  if (request.names.length > 0) {
    list.push(extension(SUBJECT_ALT_NAME, false, der(Tag.SEQUENCE, ...request.names.map(alternativeName))));
  }
  return list;
}

function extension(id: Uint8Array, isCritical: boolean, value: Uint8Array): Uint8Array {
  const critical = isCritical ? [der(Tag.BOOLEAN, Buffer.of(0xff))] : [];
  return der(Tag.SEQUENCE, id, ...critical, der(Tag.OCTET_STRING, value));
}

function alternativeName(name: string): Uint8Array {
  if (isIPv4(name)) return der(Tag.IP_ADDRESS, Buffer.from(name.split(".").map(Number)));
  if (isIPv6(name)) return der(Tag.IP_ADDRESS, ipv6Bytes(name));
  return der(Tag.DNS_NAME, Buffer.from(name, "latin1"));
}

function ipv6Bytes(address: string): Uint8Array {
  // The URL parser writes IPv6 in one canonical form, without dotted IPv4 parts.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const front = groups(head);
  const back = groups(tail ?? "");
  const all = [...front, ...Array<string>(8 - front.length - back.length).fill("0"), ...back];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function distinguishedName(commonName: string): Uint8Array {
  const attribute = der(Tag.SEQUENCE, COMMON_NAME, der(Tag.UTF8_STRING, Buffer.from(commonName)));
  return der(Tag.SEQUENCE, der(Tag.SET, attribute));
}

/** RFC 5280 §4.1.2.5: two-digit years through 2049. */
function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, "");
  return date.getUTCFullYear() < 2050
    ? der(Tag.UTC_TIME, Buffer.from(digits.slice(2)))
    : der(Tag.GENERALIZED_TIME, Buffer.from(digits));
}

/** Random, positive and never with a leading zero byte, which DER forbids. */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

function keyId(publicKey: KeyObject): Uint8Array {
  return createHash("sha1")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest();
}

function bitString(bytes: Uint8Array, unusedBitCount = 0): Uint8Array {
  return der(Tag.BIT_STRING, Buffer.of(unusedBitCount), bytes);
}

/** X.690 §8.19: the first two numbers share a byte, the others are in base 128. */
function objectId(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const groups = [number & 0x7f];
    for (let left = number >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(Tag.OBJECT_ID, Buffer.from(bytes));
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  let header: number[];
  if (length < 0x80) header = [tag, length];
  else if (length < 0x100) header = [tag, 0x81, length];
  else header = [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function privateKeyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
