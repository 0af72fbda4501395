import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/cli/exit-codes.js";
import { goQuote } from "../../src/cli/go-quote.js";
import { parseCompare, parseOperation, readTxn, splitWords } from "../../src/cli/txn-text.js";
import { compare, op } from "../../src/index.js";
import type { CompareOperator, TxnShape } from "../../src/index.js";

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
const bytes = (text: string): Buffer => Buffer.from(text, "utf8");

const read = (text: string | Buffer): Promise<TxnShape> => {
  const lines = Buffer.from(text).toString("latin1").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return readTxn(
    (async function* () {
      for (const line of lines) yield await Promise.resolve(line);
    })(),
  );
};

describe("compares", () => {
  test.each([
    ['mod("k") > "0"', compare.modRevision(bytes("k"), ">", 0)],
    ['m("k") = "12"', compare.modRevision(bytes("k"), "=", 12)],
    ['create("k") != "3"', compare.createRevision(bytes("k"), "!=", 3)],
    ['c("k")<"3"', compare.createRevision(bytes("k"), "<", 3)],
    ['version("a b") = "1"', compare.version(bytes("a b"), "=", 1)],
    ['ver("k") = "1"', compare.version(bytes("k"), "=", 1)],
    ['value("k\\"") = "one two"', compare.value(bytes('k"'), "=", bytes("one two"))],
    ['val("ü") = "\\u20ac"', compare.value(bytes("ü"), "=", bytes("€"))],
    ['lease("k") = "694d77aa9e38260f"', compare.lease(bytes("k"), "=", 0x694d77aa9e38260fn)],
    ['lease("k") = "0"', compare.lease(bytes("k"), "=", 0n)],
  ])("%s", (line, expected) => {
    expect(parseCompare(latin1(line))).toEqual(expected);
  });

  test.each([
    ["mod(k) > 0", "not a compare such as"],
    ['mod("k") > 0', "not a compare such as"],
    ['mod("k") >= "0"', '">=" is not one of =, !=, <, >'],
    ['mod("k") > "0" x', "not a compare such as"],
    ['mods("k") > "0"', '"mods" is not one of ver, version'],
    ['toString("k") > "0"', '"toString" is not one of'],
    ['mod("k") > "x"', "not a whole number"],
    ['mod("k") > "-1"', "not a whole number"],
    ['mod("k") > "9007199254740993"', "not a whole number"],
    ['lease("k") = "xyz"', "not a lease's id"],
    ['value("\\q") = "x"', "no escape"],
  ])("%s is refused", (line, message) => {
    expect(() => parseCompare(line)).toThrow(UsageError);
    expect(() => parseCompare(line)).toThrow(message);
  });
});

describe("words", () => {
  test.each([
    ['put foo "a b"', ["put", "foo", "a b"]],
    ["put 'a \"b\\n' x", ["put", 'a "b\\n', "x"]],
    ["put \"\" ''", ["put", "", ""]],
    ["  put\tfoo   it's\"ok  ", ["put", "foo", "it's\"ok"]],
    ['put "\\x41\\n" --lease="0"', ["put", "A\n", '--lease="0"']],
    ["", []],
  ])("%s", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test.each(['put "a', "put 'a", 'put "a"b', "put 'a''b'", 'put "\\"', 'put "\\q"'])(
    "%s is refused",
    (line) => {
      expect(() => splitWords(line)).toThrow(UsageError);
    },
  );
});

describe("requests", () => {
  test.each([
    ["get k", op.get(bytes("k"))],
    ["get k l --limit 3 --rev=7", op.get(bytes("k"), { rangeEnd: bytes("l"), limit: 3, revision: 7 })],
    ["get k --prefix --keys-only", op.get(bytes("k"), { prefix: true, keysOnly: true })],
    ["get k --prefix=true --count-only", op.get(bytes("k"), { prefix: true, countOnly: true })],
    ["get --from-key k --consistency=s", op.get(bytes("k"), { fromKey: true, serializable: true })],
    [
      "get k --order=descend --sort-by modify",
      op.get(bytes("k"), { sort: { target: "modRevision", order: "descend" } }),
    ],
    ["put k v", op.put(bytes("k"), bytes("v"))],
    ["put k -- -v", op.put(bytes("k"), bytes("-v"))],
    ["put k v --lease 1f --prev-kv", op.put(bytes("k"), bytes("v"), { lease: 0x1fn, prevKv: true })],
    ["put k --ignore-value", op.put(bytes("k"), undefined, { ignoreValue: true })],
    ["put k v --ignore-lease", op.put(bytes("k"), bytes("v"), { ignoreLease: true })],
    ["del k --prefix --prev-kv", op.del(bytes("k"), { prefix: true, prevKv: true })],
    ["del k l", op.del(bytes("k"), { rangeEnd: bytes("l") })],
    ["del k l --range", op.del(bytes("k"), { rangeEnd: bytes("l") })],
  ])("%s", (line, expected) => {
    expect(parseOperation(line)).toEqual(expected);
  });

  test.each([
    ["foo bar", '"foo" is not get, put or del'],
    ["constructor", '"constructor" is not get, put or del'],
    ["get", "missing required argument 'key'"],
    ["get a b c", "too many arguments"],
    ["get a --bad", "unknown option '--bad'"],
    ["get a --help", "unknown option '--help'"],
    ["get a b --prefix", "a range end goes with neither"],
    ["get a --prefix --from-key", "cannot both be given"],
    ["get a --limit x", "--limit is"],
    ["get a --order up", "--order is"],
    ["get a --consistency x", "--consistency is"],
    ["put a", "a put has a key and a value"],
    ["put a b --ignore-value", "a value goes not with --ignore-value"],
    ["put a b --lease=xyz", "--lease is"],
    ["put a b --lease=1 --ignore-lease", "--lease goes not with"],
    ["del a --range", "--range needs a range end"],
  ])("%s is refused", (line, message) => {
    expect(() => parseOperation(line)).toThrow(UsageError);
    expect(() => parseOperation(line)).toThrow(message);
  });
});

describe("transactions", () => {
  test("have three blocks, any of them empty", async () => {
    expect(await read("\n\n\n")).toEqual({ if: [], then: [], else: [] });
    expect(await read('mod("k") > "0"\r\n \r\nput k v\n\nget k\ndel k\n\n')).toEqual({
      if: [compare.modRevision(bytes("k"), ">", 0)],
      then: [op.put(bytes("k"), bytes("v"))],
      else: [op.get(bytes("k")), op.del(bytes("k"))],
    });
  });

  test.each([
    ["\nput k v\nput k2", /^line 3 \(success .*\), put k2: a put has/],
    ['mod("k") > "0"\nmöd("k")\n', /^line 2 \(compares\), möd\("k"\): not a compare/],
    ["\n\nput k", /^line 3 \(failure /],
    ["", /^the input ends in the compares: .* an empty line/],
    ["\nput k v\n", /^the input ends in the success requests/],
    ["\n\nput k v\n", /^the input ends in the failure requests/],
  ])("%j is refused with the line's number", async (text, message) => {
    await expect(read(text)).rejects.toThrow(UsageError);
    await expect(read(text)).rejects.toThrow(message);
  });

  test("of any keys and values are read as they were written", async () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 12 });
    const quoted = (each: Uint8Array): string => goQuote(each);
    const compares = fc.array(
      fc.record({
        key: content,
        operator: fc.constantFrom<CompareOperator>("=", "!=", "<", ">"),
        operand: content,
      }),
      { maxLength: 3 },
    );
    const puts = fc.array(fc.record({ key: content, value: fc.uint8Array({ maxLength: 12 }) }), {
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(compares, puts, puts, async (ifs, thens, elses) => {
        // The flags' dash at the beginning of a word is a flag's also in quotes, as in etcdctl: hence the "--".
        const lines = (all: typeof thens): string[] =>
          all.map(({ key, value }) => `put -- ${quoted(key)} ${quoted(value)}`);
        const text = [
          ...ifs.map(({ key, operator, operand }) => `value(${quoted(key)}) ${operator} ${quoted(operand)}`),
          "",
          ...lines(thens),
          "",
          ...lines(elses),
          "",
          "",
        ].join("\n");
        const puttings = (all: typeof thens) =>
          all.map(({ key, value }) => op.put(Buffer.from(key), Buffer.from(value)));
        expect(await read(text)).toEqual({
          if: ifs.map(({ key, operator, operand }) =>
            compare.value(Buffer.from(key), operator, Buffer.from(operand)),
          ),
          then: puttings(thens),
          else: puttings(elses),
        });
      }),
      { numRuns: 60 },
    );
  });

  test("ask for each block before it is read", async () => {
    const said: string[] = [];
    const lines = (async function* () {
      for (const line of ["", "get k", "", ""]) {
        said.push(`read ${line}`);
        yield await Promise.resolve(line);
      }
    })();
    await readTxn(lines, (text) => said.push(text));
    expect(said).toEqual([
      "compares:",
      "read ",
      "success requests (get, put, del):",
      "read get k",
      "read ",
      "failure requests (get, put, del):",
      "read ",
    ]);
  });
});
