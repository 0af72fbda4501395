/**
 * A protobuf schema as plain data, read from two places that know nothing of one another: `contract.txt`, and the
 * files in protos/. Names carry their package; types inside a file may leave it out.
 */
export interface Field {
  readonly number: number;
  readonly type: string;
  readonly name: string;
  readonly repeated: boolean;
  readonly oneof: string | undefined;
}

export interface Method {
  readonly name: string;
  readonly request: string;
  readonly requestStream: boolean;
  readonly response: string;
  readonly responseStream: boolean;
}

export interface Schema {
  readonly messages: Map<string, Field[]>;
  readonly enums: Map<string, Map<number, string>>;
  readonly services: Map<string, Method[]>;
}

export function emptySchema(): Schema {
  return { messages: new Map(), enums: new Map(), services: new Map() };
}

/** Adds one block of `contract.txt` after the other. */
export function readContract(text: string): Schema {
  const schema = emptySchema();
  for (const block of text
    .replace(/^#.*\n/gm, "")
    .trim()
    .split(/\n\n+/)) {
    const [head, ...lines] = block.split("\n").map((line) => line.trim());
    const [kind, name] = head!.split(" ") as [string, string];
    if (kind === "service") schema.services.set(name, lines.map(contractMethod));
    else if (kind === "message") schema.messages.set(name, lines.map(contractField));
    else
      schema.enums.set(name, new Map(lines.map((line) => line.split(" ")).map(([n, v]) => [Number(n), v!])));
  }
  return schema;
}

function contractMethod(line: string): Method {
  const [, name, requestStream, request, responseStream, response] =
    /^(\w+) (stream )?(\w+) > (stream )?(\w+)$/.exec(line)!;
  return {
    name: name!,
    request: request!,
    requestStream: requestStream !== undefined,
    response: response!,
    responseStream: responseStream !== undefined,
  };
}

function contractField(line: string): Field {
  const [, number, repeated, type, name, oneof] = /^(\d+) (repeated )?([\w.]+) (\w+)(?: oneof (\w+))?$/.exec(
    line,
  )!;
  return { number: Number(number), type: type!, name: name!, repeated: repeated !== undefined, oneof };
}

/** As much of the proto3 grammar as protos/ use; anything else throws. Field options go to `onOptions`. */
export function readProto(
  text: string,
  schema: Schema,
  onOptions: (field: Field, options: string) => void,
): void {
  const tokens = text.replace(/\/\/.*$/gm, "").match(/[\w.]+|"[^"]*"|[^\s\w]/g)!;
  let at = 0;
  const next = (): string => {
    const token = tokens[at++];
    if (token === undefined) throw new Error("the file ends too early");
    return token;
  };
  const expect = (...wanted: string[]): void => {
    for (const token of wanted) {
      const found = next();
      if (found !== token) throw new Error(`found ${found} where ${token} belongs`);
    }
  };
  const accept = (token: string): boolean => {
    if (tokens[at] !== token) return false;
    at++;
    return true;
  };

  const readMessage = (scope: string): void => {
    const full = `${scope}.${next()}`;
    const fields: Field[] = [];
    expect("{");
    let oneof: string | undefined;
    for (;;) {
      if (accept("}")) {
        if (oneof === undefined) break;
        oneof = undefined;
      } else if (accept("enum")) {
        readEnum(full);
      } else if (accept("oneof")) {
        oneof = next();
        expect("{");
      } else {
        const repeated = accept("repeated");
        const type = next();
        const name = next();
        expect("=");
        const field = { number: Number(next()), type, name, repeated, oneof };
        let options = "";
        if (accept("[")) while (!accept("]")) options += next();
        expect(";");
        fields.push(field);
        onOptions(field, options);
      }
    }
    schema.messages.set(full, fields);
  };

  const readEnum = (scope: string): void => {
    const full = `${scope}.${next()}`;
    const values = new Map<number, string>();
    expect("{");
    while (!accept("}")) {
      const name = next();
      expect("=");
      values.set(Number(next()), name);
      expect(";");
    }
    schema.enums.set(full, values);
  };

  const readService = (scope: string): void => {
    const full = `${scope}.${next()}`;
    const methods: Method[] = [];
    expect("{");
    while (!accept("}")) {
      expect("rpc");
      const name = next();
      expect("(");
      const requestStream = accept("stream");
      const request = next();
      expect(")", "returns", "(");
      const responseStream = accept("stream");
      const response = next();
      expect(")", ";");
      methods.push({ name, request, requestStream, response, responseStream });
    }
    schema.services.set(full, methods);
  };

  expect("syntax", "=", '"proto3"', ";", "package");
  const packageName = next();
  expect(";");
  while (at < tokens.length) {
    const keyword = next();
    if (keyword === "import") {
      next();
      expect(";");
    } else if (keyword === "message") readMessage(packageName);
    else if (keyword === "enum") readEnum(packageName);
    else if (keyword === "service") readService(packageName);
    else throw new Error(`found ${keyword} at top level`);
  }
}

/** The enum that a field of `message` means, if it means one: looked up from the inside out, as protobuf does. */
export function enumOf(schema: Schema, message: string, type: string): Map<number, string> | undefined {
  return schema.enums.get(`${message}.${type}`) ?? schema.enums.get(`${packageOf(message)}.${type}`);
}

/** The full name of the message that a field of `message` means, if it means one. */
export function messageOf(schema: Schema, message: string, type: string): string | undefined {
  return [type, `${packageOf(message)}.${type}`].find((name) => schema.messages.has(name));
}

function packageOf(name: string): string {
  return name.slice(0, name.indexOf("."));
}
