import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/cli/exit-codes.js";
import { goJson, omitEmpty } from "../../src/cli/go-json.js";
import { goQuote, goUnquote } from "../../src/cli/go-quote.js";

const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.of(part) : Buffer.from(part))));

describe("goQuote", () => {
  // What fmt.Sprintf("%q", ...) prints.
  test.each([
    [bytes("a b"), '"a b"'],
    [bytes('say "hi"\\'), '"say \\"hi\\"\\\\"'],
    [bytes("\x07\b\f\n\r\t\v"), '"\\a\\b\\f\\n\\r\\t\\v"'],
    [bytes(0, 0x1b, 0x7f), '"\\x00\\x1b\\x7f"'],
    [bytes(0xff, "a", 0xc3), '"\\xffa\\xc3"'],
    [bytes("ü€😀"), '"ü€😀"'],
    [bytes("\u00a0\u200b\u0085\ufeff"), '"\\u00a0\\u200b\\u0085\\ufeff"'],
    [bytes("\u{e0001}"), '"\\U000e0001"'],
    // Overlong, and half a surrogate pair: no UTF-8.
    [bytes(0xc0, 0x80), '"\\xc0\\x80"'],
    [bytes(0xed, 0xa0, 0x80), '"\\xed\\xa0\\x80"'],
    [bytes(), '""'],
  ])("%j is %s", (content, quoted) => {
    expect(goQuote(content)).toBe(quoted);
  });

  test("goUnquote undoes it, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string({ unit: "binary" }).map((text) => bytes(text)),
        ),
        (content) => {
          const quoted = Buffer.from(goQuote(content), "utf8").toString("latin1");
          expect(goUnquote(quoted.slice(1, -1))).toBe(Buffer.from(content).toString("latin1"));
        },
      ),
      { numRuns: 500 },
    );
  });
});

test.each(["\\q", "\\", "\\x1", "\\u12", "\\ud800", "\\U00110000", "\\400", "\\8", "a\\"])(
  "goUnquote refuses %s",
  (content) => {
    expect(() => goUnquote(content)).toThrow(UsageError);
  },
);

test("goUnquote knows what Go's quoted strings can say", () => {
  const text = goUnquote("\\x41\\101\\u20ac\\U0001f600\\'\\\"\\n");
  expect(Buffer.from(text, "latin1").toString()).toBe("AA€😀'\"\n");
});

describe("goJson", () => {
  test("writes 64-bit numbers as they are", () => {
    expect(goJson({ id: 15875391935852295136n, least: -(2n ** 63n), revision: 2 ** 53 - 1 })).toBe(
      '{"id":15875391935852295136,"least":-9223372036854775808,"revision":9007199254740991}',
    );
  });

  test("writes bytes as base64, leaves out what is undefined, and keeps null", () => {
    expect(goJson({ key: bytes("foo", 0xff), gone: undefined, keys: null, list: [bytes()] })).toBe(
      '{"key":"Zm9v/w==","keys":null,"list":[""]}',
    );
  });

  // json.Marshal of Go 1.21.
  test.each([
    ["<a> & b", '"\\u003ca\\u003e \\u0026 b"'],
    ["\u2028\u2029", '"\\u2028\\u2029"'],
    ['"\\\n\r\t', '"\\"\\\\\\n\\r\\t"'],
    ["ü€😀", '"ü€😀"'],
    ["\\b", '"\\\\b"'],
  ])("writes %j as %s", (text, json) => {
    expect(goJson(text)).toBe(json);
  });

  test("is JSON, whatever is in it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as Parameters<typeof goJson>[0];
        expect(JSON.parse(goJson(plain))).toEqual(plain);
      }),
    );
  });

  test("omitEmpty leaves out what Go calls empty", () => {
    const fields = { a: 0, b: 0n, c: "", d: false, e: [], f: bytes(), g: undefined, h: null, i: 1, j: {} };
    expect(omitEmpty(fields)).toEqual({ i: 1, j: {} });
  });
});
