/** What both sides of one connection sent, as `npm run fuzz:record` took it down. */
export interface Recording {
  /** Says where it comes from: `v3.6.14-tls-2`. */
  readonly name: string;
  /** In the order in which the recorder read them. TLS is gone: these are HTTP/2's bytes. */
  readonly chunks: readonly RecordedChunk[];
}

export interface RecordedChunk {
  readonly from: "client" | "server";
  readonly bytes: Buffer;
}

const MARKS = { client: ">", server: "<" } as const;

/** One chunk a line, `>` from the client and `<` from the server; `#` begins a comment. */
export const formatRecording = (comments: readonly string[], chunks: readonly RecordedChunk[]): string =>
  [
    ...comments.map((comment) => `# ${comment}`),
    ...chunks.map(({ from, bytes }) => `${MARKS[from]} ${bytes.toString("hex")}`),
    "",
  ].join("\n");

export const parseRecording = (name: string, text: string): Recording => {
  const chunks: RecordedChunk[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([<>]) ((?:[0-9a-f]{2})+)$/.exec(line);
    if (match === null) throw new Error(`${name}, line ${index + 1}: neither a comment nor a chunk`);
    chunks.push({
      from: match[1] === MARKS.client ? "client" : "server",
      bytes: Buffer.from(match[2]!, "hex"),
    });
  }
  return { name, chunks };
};

/** All that one side sent. */
export const bytesFrom = ({ chunks }: Recording, from: RecordedChunk["from"]): Buffer =>
  Buffer.concat(chunks.filter((chunk) => chunk.from === from).map((chunk) => chunk.bytes));
