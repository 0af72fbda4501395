import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const testFolder = join(import.meta.dirname, "..");
const readme = readFileSync(join(import.meta.dirname, "README.md"), "utf8");

/** The titles of a file's tests as they are written, so that of `test.each` with its place holders. */
const readTitles = (file: string): string[] => {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(testFolder, file), "utf8"),
    ts.ScriptTarget.Latest,
  );
  const titles: string[] = [];
  /** `test`, `test.skip`, `test.each(cases)`: what is left when all that is taken away. */
  const callee = (node: ts.Expression): ts.Expression =>
    ts.isPropertyAccessExpression(node) || ts.isCallExpression(node) ? callee(node.expression) : node;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const name = callee(node.expression);
      const title = node.arguments[0];
      if (ts.isIdentifier(name) && name.text === "test" && title !== undefined) {
        if (ts.isStringLiteralLike(title)) titles.push(title.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
};

const titlesOf = new Map<string, string[]>();
/** Of a file as the README names it: its path from `test/`, or from the root. */
const cachedTitles = (path: string): string[] => {
  const file = path.replace(/^test\//, "");
  let titles = titlesOf.get(file);
  if (titles === undefined) titlesOf.set(file, (titles = readTitles(file)));
  return titles;
};

/** Markdown's escapes taken away. */
const plain = (text: string): string => text.replace(/\\([^\w\s])/g, "$1").trim();

interface Row {
  section: string;
  cells: string[];
}

const rows: Row[] = [];
let section = "";
for (const line of readme.split("\n")) {
  if (line.startsWith("## ")) section = line.slice(3);
  if (!line.startsWith("|") || /^\|[\s:|-]+\|$/.test(line)) continue;
  rows.push({
    section,
    cells: line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map(plain),
  });
}

/** Each test that a row names: a file in back quotes, and a title in quotes behind it. */
const citations = rows.flatMap(({ cells }) => {
  const cited: { line: string; file: string; title: string }[] = [];
  let file: string | undefined;
  for (const [, path, title] of cells.join(" ").matchAll(/`([^`]+\.test\.ts)`|"([^"]+)"/g)) {
    if (path !== undefined) file = path;
    else if (file !== undefined && title !== undefined) cited.push({ line: cells[0]!, file, title });
  }
  return cited;
});

test("every test file that the README names is there", () => {
  const files = new Set(Array.from(readme.matchAll(/`([^`]+\.test\.ts)`/g), ([, path]) => path!));
  expect(files.size).toBeGreaterThan(0);
  for (const file of files) expect(cachedTitles(file), file).not.toEqual([]);
});

test("every test title that the README names is there; one that ends in … is the start of one", () => {
  expect(citations.length).toBeGreaterThan(100);
  const missing = citations.filter(({ file, title }) => {
    const titles = cachedTitles(file);
    return title.endsWith("…")
      ? !titles.some((whole) => whole.startsWith(title.slice(0, -1)))
      : !titles.includes(title);
  });
  expect(missing).toEqual([]);
});

describe("the wire checklist", () => {
  const inSection = new Set(rows.filter((row) => row.section === "Wire checklist"));
  const lines = new Set(Array.from(inSection, ({ cells }) => cells[0]!));

  test("has every line from A to H, each with a test", () => {
    const numbers = Array.from(lines, (line) => /^[A-H](\d*)/.exec(line)?.[1]);
    for (let number = 1; number <= 23; number++) expect(numbers).toContain(String(number));
    for (const letter of ["A ", "H "])
      expect(Array.from(lines).filter((line) => line.startsWith(letter)).length).toBeGreaterThan(7);
  });

  test("names every test that is named after one of its lines", () => {
    const cited = new Set(citations.map(({ file, title }) => `${file} ${title}`));
    const missing = Array.from(new Set(citations.map(({ file }) => file)))
      .filter((file) => file.startsWith("wire/checklist/"))
      .flatMap((file) => cachedTitles(file).map((title) => `${file} ${title}`))
      .filter((name) => /\.ts [A-H]\d* /.test(name) && !cited.has(name));
    expect(missing).toEqual([]);
  });
});

describe("h2spec's table", () => {
  const cases = rows.filter((row) => row.section === "h2spec" && row.cells[0]!.startsWith("client/"));

  test("has its 57 cases, each with a test of its id and name", () => {
    expect(cases).toHaveLength(57);
    const titles = cases.map(({ cells: [id, name] }) => `h2spec ${id!}: ${name!}`);
    expect(cases.map(({ cells }) => cells.at(-1))).toEqual(
      cases.map(({ cells: [id] }) => `"h2spec ${id!}: …"`),
    );
    expect(titles).toEqual(cachedTitles("wire/checklist/h2spec.test.ts"));
  });
});
