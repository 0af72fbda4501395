import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "../../src/cli/output.js";

/** A stream whose writes fail, and one of which the owner hears of it. */
const failing = (code: string, errno: number): Writable => {
  const error = Object.assign(new Error(`${code}: said by Node, write`), { code, errno });
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(error) });
  return stream.on("error", () => {});
};

test("a write that fails says why, as those after it do", async () => {
  const out = new Output(failing("ENOSPC", -28));
  const expected = {
    name: "OutputError",
    exitCode: 74,
    message: "cannot write to stdout: no space left on device",
  };
  await expect(out.line("1")).rejects.toMatchObject(expected);
  // The stream is destroyed now, and would say only that.
  await expect(out.json({})).rejects.toMatchObject(expected);
});

test("an error that the system has no words for has Node's", async () => {
  await expect(new Output(failing("EODD", 0)).line("1")).rejects.toThrow(
    "cannot write to stdout: EODD: said by Node, write",
  );
});

test("a reader that has gone away ends us as the signal would, without a word", async () => {
  await expect(new Output(failing("EPIPE", -32)).line("1")).rejects.toMatchObject({
    exitCode: 141,
    message: "",
  });
});

test("bytes and text go to a stream and to a file alike", async () => {
  const folder = mkdtempSync(join(tmpdir(), "etcdwire-output-"));
  try {
    const stream = new PassThrough();
    const path = join(folder, "file");
    const file = Object.assign(new PassThrough(), { fd: openSync(path, "w") });
    for (const out of [new Output(stream), new Output(file)]) {
      await out.write(Uint8Array.of(0xff, 0x0a));
      await out.line("\u00e4");
      await out.json({ a: 1 });
    }
    const written = readFileSync(path);
    expect(written.toString("latin1")).toBe('\u00ff\n\u00c3\u00a4\n{"a":1}\n');
    expect(written.equals(stream.read() as Buffer)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
