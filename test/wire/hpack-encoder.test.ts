import { describe, expect, test } from "vitest";
import {
  fieldMaxBytes,
  HpackEncoder,
  type IndexMode,
  SIZE_UPDATES_MAX_BYTES,
} from "../../src/wire/hpack-encoder.js";

type Field = readonly [name: string, value: string, mode?: IndexMode];

const encode = (encoder: HpackEncoder, ...fields: Field[]): string => {
  const out = Buffer.alloc(4096);
  let at = encoder.beginBlock(out, 0);
  for (const [name, value, mode] of fields) at = encoder.encodeField(out, at, name, value, mode ?? "index");
  return out.toString("hex", 0, at);
};

describe("RFC 7541 Appendix C, where its encoder does as ours", () => {
  test("C.4: three requests with Huffman and indexing", () => {
    const encoder = new HpackEncoder();
    const authority: Field = [":authority", "www.example.com"];
    expect(encode(encoder, [":method", "GET"], [":scheme", "http"], [":path", "/"], authority)).toBe(
      "828684418cf1e3c2e5f23a6ba0ab90f4ff",
    );
    expect(
      encode(encoder, [":method", "GET"], [":scheme", "http"], [":path", "/"], authority, [
        "cache-control",
        "no-cache",
      ]),
    ).toBe("828684be5886a8eb10649cbf");
    expect(
      encode(encoder, [":method", "GET"], [":scheme", "https"], [":path", "/index.html"], authority, [
        "custom-key",
        "custom-value",
      ]),
    ).toBe("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
  });

  test("C.6: the first response with Huffman; the second needs an eviction, and ours writes a literal", () => {
    const encoder = new HpackEncoder(256);
    const rest: Field[] = [
      ["cache-control", "private"],
      ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
      ["location", "https://www.example.com"],
    ];
    expect(encode(encoder, [":status", "302"], ...rest)).toBe(
      "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
    );
    expect(encode(encoder, [":status", "307"], ...rest)).toBe("0803333037c0bfbe");
  });
});

describe("how a field is written", () => {
  test("each mode has its representation, and only `index` enters the table", () => {
    const encoder = new HpackEncoder();
    expect(encode(encoder, ["te", "zz", "literal"])).toBe("00" + "027465" + "027a7a");
    expect(encode(encoder, ["te", "zz", "never"])).toBe("10" + "027465" + "027a7a");
    expect(encode(encoder, ["te", "zz", "index"])).toBe("40" + "027465" + "027a7a");
    expect(encode(encoder, ["te", "zz", "index"])).toBe("be");
    expect(encode(encoder, ["te", "zz", "literal"])).toBe("be");
    expect(encode(encoder, ["te", "zz", "never"])).toBe("1f2f" + "027a7a");
  });

  test("a secret is never sent as an index, even where the static table holds it", () => {
    expect(encode(new HpackEncoder(), [":method", "GET", "never"])).toBe("1203474554");
  });

  test("Huffman only where it is shorter", () => {
    // Three characters of 5 bits take 2 bytes; two take as many as they do plain, which is less work to read.
    expect(encode(new HpackEncoder(), [":path", "aa", "literal"])).toBe("04026161");
    expect(encode(new HpackEncoder(), [":path", "aaa", "literal"])).toBe("048218c7");
  });

  test("an index grows with every insertion after it, into several bytes", () => {
    const encoder = new HpackEncoder(65_536);
    encoder.setPeerTableMaxBytes(65_536);
    encode(encoder, ["x", "0"]);
    for (let value = 1; value <= 100; value++) encode(encoder, ["x", `${value}`]);
    expect(encode(encoder, ["x", "0"])).toBe("ff23"); // 162
    expect(encode(encoder, ["x", "100"])).toBe("be");
    expect(encode(encoder, ["x", "new", "literal"]).slice(0, 6)).toBe("0f9301"); // the name's first entry
  });

  test("a character above U+00FF is refused and changes nothing", () => {
    const encoder = new HpackEncoder();
    const generation = encoder.generation;
    expect(() => encode(encoder, ["x", "\u20ac"])).toThrow(RangeError);
    expect(encoder.generation).toBe(generation);
    expect(encode(encoder, ["x", "1"])).toBe("4001780131");
  });

  test("a field never takes more than it says", () => {
    const encoder = new HpackEncoder();
    for (const length of [0, 1, 126, 127, 128, 254, 255, 20_000]) {
      for (const character of ["a", "~", "\xff", "\n"]) {
        for (const mode of ["index", "literal", "never"] as const) {
          const value = character.repeat(length);
          const out = new Uint8Array(fieldMaxBytes(value, value));
          expect(encoder.encodeField(out, 0, value, value, mode)).toBeLessThanOrEqual(out.length);
        }
      }
    }
  });
});

describe("the table never evicts", () => {
  test("fields are indexed while there is room, then sent as literals; what was indexed stays", () => {
    const encoder = new HpackEncoder(2 * 34);
    expect(encode(encoder, ["a", "1"])).toBe("4001610131");
    expect(encode(encoder, ["b", "22"])).toBe("000162023232"); // 35: one byte too many
    expect(encode(encoder, ["b", "2"])).toBe("4001620132");
    expect(encode(encoder, ["c", "3"])).toBe("0001630133");
    expect(encode(encoder, ["a", "1"], ["b", "2"])).toBe("bfbe");
  });

  test("without a table of its own, nothing is indexed and nothing is announced", () => {
    const encoder = new HpackEncoder(0);
    expect(encode(encoder, ["a", "1"])).toBe("0001610131");
    expect(encode(encoder, ["a", "1"])).toBe("0001610131");
  });
});

describe("the peer's table size (RFC 7541 §4.2)", () => {
  const sizes = (...settings: number[]): string => {
    const encoder = new HpackEncoder();
    for (const bytes of settings) encoder.setPeerTableMaxBytes(bytes);
    return encode(encoder);
  };

  test.each([
    ["the default, again", [4096], ""],
    ["larger than we use", [65_536], ""],
    ["0", [0], "20"],
    ["10, RFC 7541 C.1.1", [10], "20" + "2a"],
    ["1337, RFC 7541 C.1.2", [1337], "20" + "3f9a0a"],
    ["down and up between two blocks", [100, 4096], "20" + "3fe11f"],
    ["larger, then back", [65_536, 4096], "20" + "3fe11f"],
    ["up and down many times", [0, 9000, 50, 200], "20" + "3fa901"],
  ])("%s", (_what, settings, block) => expect(sizes(...settings)).toBe(block));

  test("a large table of ours opens when the peer's does", () => {
    const encoder = new HpackEncoder(2 ** 20);
    encoder.setPeerTableMaxBytes(2 ** 32 - 1);
    expect(encode(encoder)).toBe("203fe1ff3f");
    expect(encode(encoder)).toBe("");
  });

  test("the largest update stays within what is reserved for it", () => {
    const encoder = new HpackEncoder(2 ** 32 - 1);
    encoder.setPeerTableMaxBytes(2 ** 32 - 1);
    expect(encoder.beginBlock(new Uint8Array(16), 0)).toBeLessThanOrEqual(SIZE_UPDATES_MAX_BYTES);
  });

  test("the table starts again empty, with the new size", () => {
    const encoder = new HpackEncoder();
    encode(encoder, ["a", "1"], ["b", "2"]);
    encoder.setPeerTableMaxBytes(34);
    expect(encode(encoder, ["a", "1"], ["b", "2"])).toBe("203f03" + "4001610131" + "0001620132");
    encoder.setPeerTableMaxBytes(0);
    expect(encode(encoder, ["a", "1"])).toBe("20" + "0001610131");
    encoder.setPeerTableMaxBytes(4096);
    expect(encode(encoder, ["a", "1"])).toBe("203fe11f" + "4001610131");
  });
});

describe("generation", () => {
  test("moves with an insertion, a size that changed, and a size update written; with nothing else", () => {
    const encoder = new HpackEncoder();
    const moved = (action: () => void): boolean => {
      const before = encoder.generation;
      action();
      return encoder.generation > before;
    };
    expect(moved(() => encode(encoder, ["a", "1"]))).toBe(true);
    expect(moved(() => encode(encoder, ["a", "1"]))).toBe(false);
    expect(moved(() => encode(encoder, ["a", "2", "literal"], ["a", "2", "never"]))).toBe(false);
    expect(moved(() => encoder.setPeerTableMaxBytes(4096))).toBe(false);
    expect(moved(() => encoder.setPeerTableMaxBytes(8192))).toBe(false);
    expect(moved(() => encoder.setPeerTableMaxBytes(4096))).toBe(true);
    expect(moved(() => encode(encoder))).toBe(true);
    expect(moved(() => encode(encoder))).toBe(false);
  });
});
