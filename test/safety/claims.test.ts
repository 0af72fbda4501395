import { expect, test } from "vitest";
import { violationsOf } from "./claims.js";

const claim = (who: string, token: number, firstNs: number, lastNs: number, name = "n") => ({
  who,
  name,
  token,
  firstNs,
  lastNs,
});

test("one after the other with growing tokens is fine, and so is another name at the same time", () => {
  const claims = [claim("b", 5, 200, 300), claim("a", 3, 0, 200), claim("c", 1, 50, 250, "other")];
  expect(violationsOf(claims)).toEqual([]);
});

test("an overlap is found, with the next one and with one after that", () => {
  expect(
    violationsOf([claim("a", 1, 0, 5_000), claim("b", 2, 3_000, 4_000), claim("c", 3, 4_500, 9_000)]),
  ).toEqual(["n: a and b both held it, for 2 us", "n: a and c both held it, for 1 us"]);
});

test("a token that came before, or comes again, is found", () => {
  expect(violationsOf([claim("a", 7, 0, 1), claim("b", 7, 2, 3)])).toEqual(["n: a and b: tokens 7, then 7"]);
  expect(violationsOf([claim("a", 7, 0, 1), claim("b", 6, 2, 3)])).toEqual(["n: a and b: tokens 7, then 6"]);
});
