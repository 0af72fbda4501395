import { X509Certificate } from "node:crypto";
import tls from "node:tls";
import { ArgumentError } from "../errors.js";
import type { TlsOptions } from "../options.js";
import { connectionEvents } from "../tracing.js";
import type { Runtime } from "./runtime.js";

/** The options of one connection. */
export interface CurrentTls {
  readonly options: TlsOptions;
  /** Why the files that lie there now are not in use; for the message of a handshake that fails. */
  readonly problem: string | undefined;
}

const TEXT_OPTIONS = ["ca", "cert", "key"] as const;
const FILE_OPTIONS = ["caFile", "certFile", "keyFile"] as const;
type FileOption = (typeof FILE_OPTIONS)[number];
type Contents = Partial<Record<FileOption, Buffer>>;

/**
 * The files of the tls option, read anew for every connection, so that a rotation needs no restart. Files that are
 * being replaced may be missing, cut short, or a certificate with the key of another: what was usable last is used
 * until they can be used again.
 */
export class TlsFiles {
  readonly #options: TlsOptions;
  readonly #runtime: Runtime;
  #usable: Contents;

  /** @throws ArgumentError for files that cannot be used now: there is nothing to fall back on yet */
  constructor(options: TlsOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
    this.#usable = {};
    try {
      this.#usable = this.#read();
    } catch (cause) {
      throw new ArgumentError((cause as Error).message);
    }
    // Which of the two is meant, only their owner knows.
    for (const name of TEXT_OPTIONS) {
      const content = this.#usable[`${name}File`];
      // Of what has no file, a getter is left alone.
      const text = content && options[name];
      if (text === undefined || content === undefined) continue;
      if (Array.isArray(text) || !content.equals(Buffer.from(text as string | Buffer)))
        throw new ArgumentError(`tls.${name} and tls.${name}File differ: give one of them`);
    }
  }

  static areIn({ caFile, certFile, keyFile }: TlsOptions): boolean {
    return caFile !== undefined || certFile !== undefined || keyFile !== undefined;
  }

  /** For one new connection to `endpoint`. */
  current(endpoint: string): CurrentTls {
    let problem: string | undefined;
    try {
      this.#usable = this.#read();
    } catch (cause) {
      problem = (cause as Error).message;
      if (connectionEvents.hasSubscribers) {
        connectionEvents.publish({ type: "tlsFilesUnusable", endpoint, message: problem });
      }
    }
    // A copy, also because getters of the caller's are called once for each connection.
    const options = { ...this.#options };
    const { caFile, certFile, keyFile } = this.#usable;
    if (caFile !== undefined) options.ca = caFile;
    if (certFile !== undefined) options.cert = certFile;
    if (keyFile !== undefined) options.key = keyFile;
    return { options, problem };
  }

  /** @throws Error that names the file */
  #read(): Contents {
    const contents: Contents = {};
    for (const name of FILE_OPTIONS) {
      const path = this.#options[name];
      if (path === undefined) continue;
      try {
        contents[name] = this.#runtime.readFile(path);
      } catch (cause) {
        throw new Error(`tls.${name} cannot be read: ${(cause as Error).message}`, { cause });
      }
    }
    const isSame = FILE_OPTIONS.every((name) => {
      const [now, before] = [contents[name], this.#usable[name]];
      return now === before || (now !== undefined && before?.equals(now) === true);
    });
    const { caFile: ca, certFile: cert, keyFile: key } = contents;
    if (!isSame) checkPem({ ca, cert, key }, (name) => `tls.${name}File "${this.#options[`${name}File`]}"`);
    return contents;
  }
}

/**
 * What of the tls option is given as text or bytes.
 *
 * @throws ArgumentError for what cannot be used
 */
export const checkTlsTexts = ({ ca, cert, key }: TlsOptions): void => {
  for (const [name, given] of Object.entries({ ca, cert, key })) {
    const texts: unknown[] = name === "ca" && Array.isArray(given) ? given : [given];
    if (given !== undefined && !texts.every((text) => typeof text === "string" || text instanceof Uint8Array))
      throw new ArgumentError(`tls.${name} must be PEM, as text or bytes`);
  }
  try {
    checkPem({ ca, cert, key }, (name) => `tls.${name}`);
  } catch (cause) {
    throw new ArgumentError((cause as Error).message);
  }
};

/**
 * OpenSSL reads what it can of a list of authorities and says nothing of the rest, so that is looked at here.
 *
 * @throws Error that says by `nameOf` what cannot be used
 */
const checkPem = (
  { ca, cert, key }: Pick<TlsOptions, "ca" | "cert" | "key">,
  nameOf: (name: "ca" | "cert" | "key") => string,
): void => {
  if (ca !== undefined) {
    const texts = Array.isArray(ca) ? (ca as readonly (string | Buffer)[]) : [ca as string | Buffer];
    if (texts.length === 0 || !texts.every(holdsCertificates))
      throw new Error(`${nameOf("ca")} does not hold whole certificates in PEM`);
  }
  if (cert !== undefined) tryContext({ cert }, cert, nameOf("cert"));
  if (key !== undefined) tryContext({ key }, key, nameOf("key"));
  if (cert !== undefined && key !== undefined)
    tryContext({ cert, key }, key, `${nameOf("cert")} with ${nameOf("key")}`);
};

const holdsCertificates = (pem: string | Buffer): boolean => {
  if (!isWholePem(pem)) return false;
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
};

/** At least one block, and an end for each beginning: a file that is cut short has one too few. */
const isWholePem = (pem: string | Buffer): boolean => {
  const text = typeof pem === "string" ? pem : Buffer.from(pem).toString("latin1");
  const begun = text.split("-----BEGIN ").length - 1;
  return begun > 0 && begun === (text.match(/-----END [A-Z0-9 ]+-----/g) ?? []).length;
};

const tryContext = (options: tls.SecureContextOptions, pem: string | Buffer, name: string): void => {
  try {
    if (!isWholePem(pem)) throw new Error("no whole PEM block");
    tls.createSecureContext(options);
  } catch (cause) {
    throw new Error(`${name} cannot be used: ${(cause as Error).message}`, { cause });
  }
};
