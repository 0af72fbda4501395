/** A file with one input that failed: comments, then hex. Its name begins with the target's: `frames-torn-ping.hex`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";

const LINE_BYTES = 48;

export interface InputFile {
  readonly target: string;
  readonly input: Uint8Array;
}

export const writeInputFile = (path: string, comments: readonly string[], input: Uint8Array): void => {
  const hex = Buffer.from(input).toString("hex");
  const lines = comments.flatMap((comment) => comment.split("\n")).map((line) => `# ${line}`);
  for (let at = 0; at < hex.length; at += 2 * LINE_BYTES) lines.push(hex.slice(at, at + 2 * LINE_BYTES));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join("\n")}\n`);
};

export const readInputFile = (path: string): InputFile => {
  const hex = readFileSync(path, "utf8").replace(/^#.*$/gm, "").replace(/\s/g, "");
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) throw new Error(`${path} is not hex`);
  return { target: basename(path).replace(/[-.].*$/, ""), input: Uint8Array.from(Buffer.from(hex, "hex")) };
};
