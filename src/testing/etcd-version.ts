import { ArgumentError } from "../errors.js";

/** The oldest server that etcdwire supports. */
export const OLDEST_LINE = "3.4";

/** What is started when no version is asked for: the newest of the line that most clusters run. */
export const DEFAULT_VERSION = "3.6.14";

/** The newest release of each line, for a request such as "3.6". 3.4 is absent: its sources are not a usable Go module. */
export const NEWEST_OF_LINE: ReadonlyMap<string, string> = new Map([
  ["3.5", "3.5.33"],
  ["3.6", "3.6.14"],
  ["3.7", "3.7.1"],
]);

/** SHA-256 of the official release archives, by `version os-architecture`. A version without one is never downloaded. */
export const RELEASE_SHA256: ReadonlyMap<string, string> = new Map([
  ["3.6.14 linux-amd64", "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5"],
  ["3.6.14 linux-arm64", "fa1b80565ee6fc2df1ae6f57a508b221f3ecc7d591c317c581cd8281b0842b3e"],
  ["3.6.13 linux-amd64", "b4928654aed84d90952620c7144555e4186d795e1e7414e65fe0cf6265fd0465"],
  ["3.6.13 linux-arm64", "5ab53ff70301fa9d782fa4b59fdfc1fae49ffdf427a0afb3cd313a93449800fc"],
  ["3.5.33 linux-amd64", "5025b5b24d81a9616b6e284ccd439b9a3df055ef8fdcdc142af3ec8f6a3b3c95"],
  ["3.5.33 linux-arm64", "0764c5c0acef155f4bfa0487791cc5776adef66315bf16ec0653883bfd463a90"],
]);

/** A version that was asked for, or the default. */
export interface WantedVersion {
  /** For messages: "3.6.14", "3.4.x" or "3.4 or newer". */
  readonly text: string;
  /** Did the caller name it? If not, any supported server will do and `exact` is only the first choice. */
  readonly isExplicit: boolean;
  /** The release to fetch or build; undefined for a line of which no release is known here. */
  readonly exact: string | undefined;
  matches(version: string): boolean;
}

/**
 * Understands "3.6", "3.6.14" and "v3.6.14"; `undefined` is the default.
 * @throws ArgumentError for anything else and for versions before 3.4.
 */
export function wantedVersion(request: string | undefined): WantedVersion {
  if (request === undefined) {
    return {
      text: `${OLDEST_LINE} or newer`,
      isExplicit: false,
      exact: DEFAULT_VERSION,
      matches: (version) => compareVersions(version, OLDEST_LINE) >= 0,
    };
  }
  const parts = /^v?(\d{1,3}\.\d{1,3})(\.\d{1,4}(?:-[0-9A-Za-z.]{1,20})?)?$/.exec(request);
  const line = parts?.[1];
  if (parts === null || line === undefined || compareVersions(line, OLDEST_LINE) < 0) {
    throw new ArgumentError(
      `etcd version ${JSON.stringify(request)} is not one of "3.4", "3.6.14", …: 3.4 is the oldest supported`,
    );
  }
  const patch = parts[2];
  if (patch !== undefined) {
    const exact = line + patch;
    return { text: exact, isExplicit: true, exact, matches: (version) => version === exact };
  }
  return {
    text: `${line}.x`,
    isExplicit: true,
    exact: NEWEST_OF_LINE.get(line),
    matches: (version) => version.startsWith(`${line}.`),
  };
}

/** The version in the output of `etcd --version`, such as "3.6.14"; undefined when this is not etcd's output. */
export function parseVersionOutput(output: string): string | undefined {
  return /^etcd Version: (\d+\.\d+\.\d+\S*)/m.exec(output)?.[1];
}

/** Negative when `a` is older than `b`. A missing part counts as 0 and a pre-release as its release. */
export function compareVersions(a: string, b: string): number {
  const left = a.split("-")[0]!.split(".");
  const right = b.split("-")[0]!.split(".");
  for (let i = 0; i < 3; i++) {
    const difference = Number(left[i] ?? 0) - Number(right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
