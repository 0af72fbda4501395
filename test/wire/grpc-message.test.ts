import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  decodeBase64Metadata,
  decodePercent,
  encodeBase64Metadata,
  encodeTimeout,
} from "../../src/wire/grpc-message.js";

/** What a server does, RFC 3986 §2.1: every byte escaped that is not printable ASCII, and `%`. */
const encodePercent = (text: string): string =>
  Array.from(Buffer.from(text, "utf8"), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`,
  ).join("");

describe("grpc-message", () => {
  test("a message without escapes is itself", () => {
    expect(decodePercent("etcdserver: no leader")).toBe("etcdserver: no leader");
    expect(decodePercent("")).toBe("");
  });

  test("escapes of either case become UTF-8 text", () => {
    expect(decodePercent("100%25")).toBe("100%");
    expect(decodePercent("%41%2f%2F%0a")).toBe("A//\n");
    expect(decodePercent("gr%C3%BC%c3%9fe %F0%9F%94%92!")).toBe("grüße 🔒!");
  });

  test("an escape that is none stays as it is", () => {
    for (const value of ["%", "%%", "%4", "a%", "%zz", "%4z", "%z4", "% 4", "%-1", "100% sure", "%u0041"]) {
      expect(decodePercent(value)).toBe(value);
    }
    expect(decodePercent("%%41")).toBe("%A");
    expect(decodePercent("%4%41%4")).toBe("%4A%4");
  });

  test("bytes that are not UTF-8 become U+FFFD", () => {
    expect(decodePercent("a%FFb")).toBe("a\uFFFDb");
    expect(decodePercent("%C3")).toBe("\uFFFD");
    expect(decodePercent("%ED%A0%80")).toMatch(/^\uFFFD+$/);
  });

  test("raw characters outside ASCII are kept", () => {
    expect(decodePercent("ü%41€🔒")).toBe("üA€🔒");
    expect(decodePercent("€€€€€€€€%41")).toBe("€€€€€€€€A");
  });

  test("every text comes back from its escaped form", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(decodePercent(encodePercent(text))).toBe(text);
      }),
    );
  });

  test("nothing makes it throw", () => {
    const hostile = fc.array(fc.constantFrom("%", "4", "f", "F", "\0", "ÿ", "€", "\uD800", "\uDC00", "z"), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(hostile, (parts) => {
        expect(typeof decodePercent(parts.join(""))).toBe("string");
      }),
    );
  });
});

describe("grpc-timeout", () => {
  test.each([
    [1, "1m"],
    [10_000, "10000m"],
    [0.001, "1m"],
    [1.5, "2m"],
    [99_999_999, "99999999m"],
    [99_999_999.5, "100000S"],
    [100_000_001, "100001S"],
    [99_999_999_000, "99999999S"],
    [99_999_999_001, "1666667M"],
    [60_000 * 99_999_999 + 1, "1666667H"],
    [Infinity, "99999999H"],
    [Number.MAX_VALUE, "99999999H"],
  ])("%d ms is %s", (timeoutMs, text) => {
    expect(encodeTimeout(timeoutMs)).toBe(text);
  });

  test("a time that has passed is the shortest one, never 0", () => {
    for (const timeoutMs of [0, -0, -1, -0.5, -Infinity]) expect(encodeTimeout(timeoutMs)).toBe("1m");
  });

  test("it is never short of the time asked for, and over by less than a thousandth, or a millisecond", () => {
    const unitMs: Record<string, number> = { m: 1, S: 1_000, M: 60_000, H: 3_600_000 };
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e14, noNaN: true }), (timeoutMs) => {
        const text = encodeTimeout(timeoutMs);
        expect(text).toMatch(/^[1-9][0-9]{0,7}[mSMH]$/);
        const encodedMs = Number(text.slice(0, -1)) * unitMs[text.slice(-1)]!;
        expect(encodedMs).toBeGreaterThanOrEqual(timeoutMs);
        expect(encodedMs - timeoutMs).toBeLessThanOrEqual(Math.max(1, timeoutMs / 1_000));
      }),
    );
  });
});

describe("-bin metadata", () => {
  test("padding may be there or not", () => {
    expect(decodeBase64Metadata("AQ==")).toEqual([Buffer.from([1])]);
    expect(decodeBase64Metadata("AQ")).toEqual([Buffer.from([1])]);
    expect(decodeBase64Metadata("")).toEqual([Buffer.alloc(0)]);
  });

  test("values joined by commas come apart", () => {
    expect(decodeBase64Metadata("AQ==,AgM,BAUG")).toEqual([
      Buffer.from([1]),
      Buffer.from([2, 3]),
      Buffer.from([4, 5, 6]),
    ]);
  });

  test("what is not Base64 does not throw", () => {
    expect(decodeBase64Metadata("A Q\u0000é,*")).toEqual([Buffer.from([1]), Buffer.alloc(0)]);
  });

  test("it is sent without padding and comes back", () => {
    expect(encodeBase64Metadata(new Uint8Array([1]))).toBe("AQ");
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = encodeBase64Metadata(bytes);
        expect(text).not.toContain("=");
        expect(decodeBase64Metadata(text)).toEqual([Buffer.from(bytes)]);
      }),
    );
  });

  test("a view into a larger buffer is encoded alone", () => {
    expect(encodeBase64Metadata(new Uint8Array([9, 1, 9]).subarray(1, 2))).toBe("AQ");
  });
});
