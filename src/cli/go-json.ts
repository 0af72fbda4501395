/** What Go's encoding/json would print. Bigints are numbers, of up to 20 digits: in Go they are int64 and uint64. */
export type GoJson =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | readonly GoJson[]
  | { readonly [key: string]: GoJson };

/** Go escapes these, so that its JSON can stand in HTML and JavaScript; and writes the rest of Unicode as it is. */
const ESCAPED = /[<>&\u2028\u2029]/g;

const quoted = (text: string): string =>
  JSON.stringify(text)
    // Go, before 1.22 at least, has no short form for these two.
    .replace(/\\[bf]/g, (short, at: number, all: string) =>
      isEscaped(all, at) ? short : short === "\\b" ? "\\u0008" : "\\u000c",
    )
    .replace(ESCAPED, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Is the backslash at `at` the second half of an escaped backslash? */
const isEscaped = (text: string, at: number): boolean => {
  let count = 0;
  while (text[at - 1 - count] === "\\") count++;
  return count % 2 === 1;
};

/** One line. Bytes are base64; fields that are undefined are left out. */
export function goJson(value: GoJson): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return quoted(value);
  if (value instanceof Uint8Array)
    return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64")}"`;
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${(value as readonly GoJson[]).map(goJson).join(",")}]`;
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${fields.map(([key, each]) => `${quoted(key)}:${goJson(each)}`).join(",")}}`;
}

/** Go's `omitempty`, which the generated messages have on every field: without those that are zero, false or empty. */
export const omitEmpty = (fields: Readonly<Record<string, GoJson>>): GoJson =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== undefined &&
        value !== null &&
        value !== 0 &&
        value !== 0n &&
        value !== false &&
        value !== "" &&
        !((Array.isArray(value) || value instanceof Uint8Array) && value.length === 0),
    ),
  );
