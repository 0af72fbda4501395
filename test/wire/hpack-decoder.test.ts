import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FieldKind, type HeaderField, HpackDecoder } from "../../src/wire/hpack-decoder.js";
import { Http2Code } from "../../src/wire/layout.js";
import { WireError } from "../../src/wire/wire-error.js";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

const newDecoder = (tableMaxBytes = 4096, listMaxBytes = 65_536): HpackDecoder =>
  new HpackDecoder({ tableMaxBytes, listMaxBytes });

const decodeFields = (decoder: HpackDecoder, block: Uint8Array): HeaderField[] => {
  const fields: HeaderField[] = [];
  decoder.decode(block, 0, block.length, { onField: (field) => fields.push(field) });
  return fields;
};

const decode = (decoder: HpackDecoder, block: string): string[] =>
  decodeFields(decoder, hex(block)).map(({ name, value }) => `${name}: ${value}`);

/** The dynamic table from its newest entry, read through its indexes. */
const tableOf = (decoder: HpackDecoder): string[] => {
  const entries: string[] = [];
  for (let index = 62; index < 127; index++) {
    try {
      entries.push(...decode(decoder, (0x80 | index).toString(16)));
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
      break;
    }
  }
  return entries;
};

const expectError = (
  decoder: HpackDecoder,
  block: string,
  message: RegExp,
  code: number = Http2Code.COMPRESSION_ERROR,
): void => {
  let thrown: unknown;
  try {
    decode(decoder, block);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(WireError);
  expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) as string });
};

/** RFC 7541 §5.1, for values with up to two continuation bytes. */
const integer = (flags: number, prefixMask: number, value: number): string => {
  if (value < prefixMask) return Buffer.of(flags | value).toString("hex");
  const rest = value - prefixMask;
  return Buffer.from(
    rest < 128 ? [flags | prefixMask, rest] : [flags | prefixMask, 128 | (rest & 127), rest >> 7],
  ).toString("hex");
};

const string = (text: string): string =>
  integer(0, 0x7f, text.length) + Buffer.from(text, "latin1").toString("hex");

/** A literal with incremental indexing, or with another first byte, and no Huffman. */
const literal = (name: string, value: string, first = 0x40): string =>
  integer(first, 0x0f, 0) + string(name) + string(value);

const request1 = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];
const request2 = [...request1, "cache-control: no-cache"];
const request3 = [
  ":method: GET",
  ":scheme: https",
  ":path: /index.html",
  ":authority: www.example.com",
  "custom-key: custom-value",
];
const requestTables = [
  [":authority: www.example.com"],
  ["cache-control: no-cache", ":authority: www.example.com"],
  ["custom-key: custom-value", "cache-control: no-cache", ":authority: www.example.com"],
];
const location = "location: https://www.example.com";
const date21 = "date: Mon, 21 Oct 2013 20:13:21 GMT";
const date22 = "date: Mon, 21 Oct 2013 20:13:22 GMT";
const cookie = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
const response1 = [":status: 302", "cache-control: private", date21, location];
const response2 = [":status: 307", "cache-control: private", date21, location];
const response3 = [
  ":status: 200",
  "cache-control: private",
  date22,
  location,
  "content-encoding: gzip",
  cookie,
];
const responseTables = [
  [location, date21, "cache-control: private", ":status: 302"],
  [":status: 307", location, date21, "cache-control: private"],
  [cookie, "content-encoding: gzip", date22],
];

describe("RFC 7541 Appendix C", () => {
  test("C.1 integers: 10 and 1337 in a prefix of 5 bits, as table sizes", () => {
    const decoder = newDecoder();
    expect(decode(decoder, "2a")).toEqual([]);
    expect(decode(decoder, "3f9a0a")).toEqual([]);
    expectError(newDecoder(1336), "3f9a0a", /table size 1337 is over our setting/);
  });

  test.each([
    ["C.2.1", "400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header", true],
    ["C.2.2", "040c2f73616d706c652f70617468", ":path: /sample/path", false],
    ["C.2.3", "100870617373776f726406736563726574", "password: secret", false],
    ["C.2.4", "82", ":method: GET", false],
  ])("%s", (_section, block, field, indexed) => {
    const decoder = newDecoder();
    expect(decode(decoder, block)).toEqual([field]);
    expect(tableOf(decoder)).toEqual(indexed ? [field] : []);
  });

  test.each([
    [
      "C.3, requests without Huffman",
      "828684410f7777772e6578616d706c652e636f6d",
      "828684be58086e6f2d6361636865",
      "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
    ],
    [
      "C.4, requests with Huffman",
      "828684418cf1e3c2e5f23a6ba0ab90f4ff",
      "828684be5886a8eb10649cbf",
      "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
    ],
  ])("%s", (_section, ...blocks) => {
    const decoder = newDecoder();
    [request1, request2, request3].forEach((fields, index) => {
      expect(decode(decoder, blocks[index]!)).toEqual(fields);
      expect(tableOf(decoder)).toEqual(requestTables[index]);
    });
  });

  test.each([
    [
      "C.5, responses without Huffman, evicting from a table of 256",
      "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
      "4803333037c1c0bf",
      "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
    ],
    [
      "C.6, responses with Huffman, evicting from a table of 256",
      "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
      "4883640effc1c0bf",
      "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    ],
  ])("%s", (_section, ...blocks) => {
    const decoder = newDecoder(256);
    decode(decoder, "3fe101"); // the appendix takes a table of 256 as agreed
    [response1, response2, response3].forEach((fields, index) => {
      expect(decode(decoder, blocks[index]!)).toEqual(fields);
      expect(tableOf(decoder)).toEqual(responseTables[index]);
    });
  });
});

describe("the dynamic table", () => {
  /** A table as the RFC words it: an array whose first element is the newest. */
  class PlainTable {
    entries: { name: string; value: string }[] = [];
    constructor(public maxBytes: number) {}
    add(name: string, value: string): void {
      this.entries.unshift({ name, value });
      this.trim();
    }
    trim(): void {
      const size = () =>
        this.entries.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
      while (size() > this.maxBytes) this.entries.pop();
    }
  }

  test("follows a plain model of RFC 7541 §4 under random insertions, references and size updates", () => {
    const limit = 400;
    const step = fc.record({
      resize: fc.option(fc.nat(limit), { freq: 6 }),
      reference: fc.nat(12),
      nameReference: fc.option(fc.nat(12)),
      name: fc.stringMatching(/^[a-z]{1,8}$/),
      value: fc.oneof(fc.stringMatching(/^[a-z]{0,30}$/), fc.constant("v".repeat(120))),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const decoder = newDecoder(limit);
        decode(decoder, integer(0x20, 0x1f, limit));
        const model = new PlainTable(limit);
        for (const { resize, reference, nameReference, name, value } of steps) {
          let block = "";
          if (resize !== null) {
            block += integer(0x20, 0x1f, resize);
            model.maxBytes = resize;
            model.trim();
          }
          const named = nameReference === null ? undefined : model.entries[nameReference];
          block +=
            named === undefined
              ? integer(0x40, 0x3f, 0) + string(name)
              : integer(0x40, 0x3f, 62 + nameReference!);
          block += string(value);
          const expected = [`${named?.name ?? name}: ${value}`];
          model.add(named?.name ?? name, value);
          const entry = model.entries[reference];
          if (entry !== undefined) {
            block += integer(0x80, 0x7f, 62 + reference);
            expected.push(`${entry.name}: ${entry.value}`);
          }
          expect(decode(decoder, block)).toEqual(expected);
          expect(tableOf(decoder)).toEqual(model.entries.map((each) => `${each.name}: ${each.value}`));
        }
      }),
    );
  });

  test("an entry larger than the table empties it, and is still handed out", () => {
    const decoder = newDecoder();
    decode(decoder, "3f21" + literal("a", "1") + literal("b", "2")); // a table of 64: one entry of 34
    expect(tableOf(decoder)).toEqual(["b: 2"]);
    expect(decode(decoder, literal("c", "3".repeat(32)))).toEqual([`c: ${"3".repeat(32)}`]);
    expect(tableOf(decoder)).toEqual([]);
  });

  test("an insertion may take its name from the entry that it evicts (§4.4)", () => {
    const decoder = newDecoder();
    decode(decoder, "3f21" + literal("name", "1"));
    expect(decode(decoder, "7e0132")).toEqual(["name: 2"]);
    expect(tableOf(decoder)).toEqual(["name: 2"]);
  });

  test("holds as many entries as its size allows", () => {
    const decoder = newDecoder();
    // 128 empty entries fill 4096 bytes; the ring has 128 places.
    decode(decoder, "40 00 00 ".repeat(300));
    for (let index = 62; index < 62 + 128; index++)
      expect(decode(decoder, integer(0x80, 0x7f, index))).toEqual([": "]);
    expectError(decoder, "ff3f", /index 190 is outside the table/);
  });

  test("an indexed field is the same object every time", () => {
    const decoder = newDecoder();
    const [first] = decodeFields(decoder, hex(literal("grpc-status", "0")));
    expect(decodeFields(decoder, hex("bebe")).every((field) => field === first)).toBe(true);
    expect(decodeFields(decoder, hex("88"))[0]).toBe(decodeFields(newDecoder(), hex("88"))[0]);
  });

  test("sizes may change twice at the start of a block, and shrinking evicts", () => {
    const decoder = newDecoder();
    decode(decoder, literal("a", "1") + literal("b", "2"));
    expect(decode(decoder, "20 3fe11f 88")).toEqual([":status: 200"]);
    expect(tableOf(decoder)).toEqual([]);
    decode(decoder, literal("a", "1") + literal("b", "2"));
    decode(decoder, "3f03"); // 34
    expect(tableOf(decoder)).toEqual(["b: 2"]);
  });
});

describe("what the decoder refuses", () => {
  test.each([
    ["index 0", "80", /index 0 is outside/],
    ["an index beyond the table", "be", /index 62 is outside/],
    ["a name index beyond the table", "7e0161", /index 62 is outside/],
    ["an index of several bytes beyond the table", "ff8001", /index 255 is outside/],
    ["a size update over our setting", "3fe21f", /table size 4097/],
    ["a size update after a field", "8820", /after the first field/],
    ["an integer of six continuation bytes", "ff808080808000", /five continuation bytes/],
    ["an integer that never ends", "7f" + "ff".repeat(40), /five continuation bytes/],
    ["an integer cut off", "ff80", /ends inside an integer/],
    ["a literal without its strings", "40", /ends inside a field/],
    ["a literal without its value", "400161", /ends inside a field/],
    ["a string that runs over the end", "400561", /over the end/],
    ["a string length of 2^35 and more", "40 7f ffffffff7f", /over the end/],
    ["a Huffman string with EOS", "4084ffffffff0161", /Huffman/],
    ["a Huffman string padded with zeros", "40811800", /Huffman/],
  ])("%s", (_what, block, message) => expectError(newDecoder(), block, message));

  test("five continuation bytes are read, also when they add nothing", () => {
    expectError(newDecoder(), "ff8080808000", /index 127 is outside/);
    expectError(newDecoder(), "ffffffffff7f", /index 34359738494 is outside/);
    const decoder = newDecoder();
    decode(decoder, "3f e1 9f 80 80 00");
    expect(decode(decoder, "40 7f 81 80 80 80 00" + "61".repeat(128) + "00")).toEqual([
      `${"a".repeat(128)}: `,
    ]);
  });

  test("a block without the size update that a setting below 4096 calls for (RFC 9113 §4.3.1)", () => {
    expectError(newDecoder(0), "88", /is missing/);
    expectError(newDecoder(0), "", /is missing/);
    expectError(newDecoder(100), "3f46 88", /table size 101/);
    const decoder = newDecoder(0);
    expect(decode(decoder, "20 88")).toEqual([":status: 200"]);
    expect(decode(decoder, "88")).toEqual([":status: 200"]);
    decode(decoder, literal("a", "1"));
    expect(tableOf(decoder)).toEqual([]);
  });

  test("a setting above 4096 holds only once the peer's encoder says so", () => {
    const decoder = newDecoder(65_536);
    decode(decoder, "40 00 00 ".repeat(129));
    expectError(decoder, "ff3f", /index 190/);
    expect(decode(decoder, "3fe1ff03" + "40 00 00 ".repeat(300) + "ff3f")).toHaveLength(301);
  });

  test("every cut of a good block is either a shorter list or a compression error", () => {
    const block = hex(
      "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
    );
    for (let cut = 0; cut < block.length; cut++) {
      const fields: HeaderField[] = [];
      try {
        newDecoder().decode(block, 0, cut, { onField: (field) => fields.push(field) });
      } catch (error) {
        expect(error).toMatchObject({ name: "WireError", code: Http2Code.COMPRESSION_ERROR });
      }
      expect(fields.map(({ name, value }) => `${name}: ${value}`)).toEqual(response1.slice(0, fields.length));
    }
  });

  test("a list over the limit: indexed, plain, Huffman, and counted with 32 bytes per field", () => {
    const calm = Http2Code.ENHANCE_YOUR_CALM;
    expect(decode(newDecoder(4096, 42), "88")).toEqual([":status: 200"]);
    expectError(newDecoder(4096, 41), "88", /more than 41 bytes/, calm);
    expectError(newDecoder(4096, 100), "40 0161 7f 0a" + "62".repeat(137), /more than 100 bytes/, calm);
    expectError(
      newDecoder(4096, 100),
      "40 0161 ff 03" + "18c6318c63".repeat(26),
      /more than 100 bytes/,
      calm,
    );
    expectError(newDecoder(4096, 1000), "00 00 00 ".repeat(32), /more than 1000 bytes/, calm);
  });

  test("a bomb of references to one large entry stops at the list's limit", () => {
    const decoder = newDecoder(4096, 16_384);
    let handedOutBytes = 0;
    const bomb = Buffer.concat([
      hex("40 01 61 7f 811d"),
      Buffer.alloc(3840, 0x62),
      Buffer.alloc(1_000_000, 0xbe),
    ]);
    const sink = { onField: (field: HeaderField) => void (handedOutBytes += field.sizeBytes) };
    expect(() => decoder.decode(bomb, 0, bomb.length, sink)).toThrow(/more than 16384 bytes/);
    expect(handedOutBytes).toBeLessThanOrEqual(16_384);
  });

  test("random bytes never throw anything but a WireError", () => {
    const codes = new Set<number>([Http2Code.COMPRESSION_ERROR, Http2Code.ENHANCE_YOUR_CALM]);
    const blocks = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ min: 0x3e, max: 0xc8, maxLength: 40 })),
    );
    fc.assert(
      fc.property(blocks, fc.constantFrom(0, 64, 4096), (all, tableMaxBytes) => {
        const decoder = newDecoder(tableMaxBytes, 2000);
        if (tableMaxBytes < 4096) decode(decoder, "20");
        for (const block of all) {
          try {
            for (const field of decodeFields(decoder, block)) {
              expect(field.sizeBytes).toBe(field.name.length + field.value.length + 32);
            }
          } catch (error) {
            if (!(error instanceof WireError) || !codes.has(error.code)) throw error;
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test("a block is read from start to end of a larger buffer, and nothing beyond", () => {
  const around = hex("ffff" + literal("a", "1") + "88" + "ffff");
  const fields: string[] = [];
  newDecoder().decode(around, 2, around.length - 2, {
    onField: ({ name, value }) => fields.push(`${name}: ${value}`),
  });
  expect(fields).toEqual(["a: 1", ":status: 200"]);
});

test("a string or an integer that goes on behind the end of the block is not read from there", () => {
  for (const block of ["40016101", "4001", "00016102 31", "7f", "ff"]) {
    const [bytes, beyond] = [hex(block), hex("0131")];
    expect(() =>
      newDecoder().decode(Buffer.concat([bytes, beyond]), 0, bytes.length, { onField: () => {} }),
    ).toThrow(WireError);
  }
});

test("bytes that are no text come out one character each", () => {
  expect(decodeFields(newDecoder(), hex("00 0178 04 c3a9ff80"))).toMatchObject([
    { name: "x", value: "\xc3\xa9\xff\x80" },
  ]);
});

describe("what a field means", () => {
  const only = (name: string, value: string): HeaderField =>
    decodeFields(newDecoder(), hex(literal(name, value, 0)))[0]!;

  test.each([
    [":status", "200", FieldKind.STATUS, 200],
    [":status", "2x0", FieldKind.STATUS, -1],
    ["grpc-status", "0", FieldKind.GRPC_STATUS, 0],
    ["grpc-status", "14", FieldKind.GRPC_STATUS, 14],
    ["grpc-status", "", FieldKind.GRPC_STATUS, -1],
    ["grpc-status", "-1", FieldKind.GRPC_STATUS, -1],
    ["grpc-status", "999999", FieldKind.GRPC_STATUS, 999_999],
    ["grpc-status", "1000000", FieldKind.GRPC_STATUS, -1],
    ["grpc-message", "ends in a space ", FieldKind.GRPC_MESSAGE, -1],
    ["content-type", "application/grpc", FieldKind.CONTENT_TYPE, -1],
    ["grpc-encoding", "identity", FieldKind.GRPC_ENCODING, -1],
    ["content-length", "5", FieldKind.OTHER, -1],
    ["x-any!#$%&'*+-.^_`|~9", "\t\x80\xff", FieldKind.OTHER, -1],
  ])("%s: %s", (name, value, kind, numericValue) => {
    expect(only(name, value)).toEqual({
      name,
      value,
      kind,
      numericValue,
      sizeBytes: name.length + value.length + 32,
    });
  });

  test.each([
    ["", "empty name"],
    ["Upper", "1"],
    ["sp ace", "1"],
    ["x\x7f", "1"],
    ["x\xe9", "1"],
    ["x:y", "1"],
    [":path", "/"],
    [":unknown", "1"],
    ["connection", "close"],
    ["transfer-encoding", "chunked"],
    ["x", "a\0b"],
    ["x", "a\nb"],
    ["x", "a\rb"],
    ["grpc-status", "0\n"],
    [":status", "\r200"],
  ])("%j: %j makes a response malformed (RFC 9113 §8.2, §8.3)", (name, value) => {
    expect(only(name, value)).toMatchObject({ kind: FieldKind.MALFORMED, numericValue: -1 });
  });

  test("the static table's prepared fields have their meaning too", () => {
    expect(decodeFields(newDecoder(), hex("88 8d 9f 81"))).toMatchObject([
      { kind: FieldKind.STATUS, numericValue: 200 },
      { kind: FieldKind.STATUS, numericValue: 404 },
      { name: "content-type", kind: FieldKind.CONTENT_TYPE },
      { name: ":authority", kind: FieldKind.MALFORMED },
    ]);
  });
});
