/** Does this input still fail in the way that is looked for? */
export type Fails = (input: Uint8Array) => boolean | Promise<boolean>;

/**
 * A smaller input that still fails, by taking away ever smaller runs of pieces, then of bytes, then by setting
 * bytes to zero (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", without the
 * complements). Tries at most `maxTries` inputs.
 */
export const shrink = async (
  input: Uint8Array,
  split: (input: Uint8Array) => Uint8Array[],
  fails: Fails,
  maxTries = 4_000,
): Promise<Uint8Array> => {
  let tries = 0;
  const stillFails = async (candidate: Uint8Array): Promise<boolean> =>
    tries++ < maxTries && (await fails(candidate));

  const withoutPieces = async (pieces: Uint8Array[]): Promise<Uint8Array[]> => {
    let kept = pieces;
    for (let run = Math.ceil(kept.length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
      for (let at = 0; at < kept.length && tries < maxTries;) {
        const candidate = [...kept.slice(0, at), ...kept.slice(at + run)];
        if (await stillFails(Buffer.concat(candidate))) kept = candidate;
        else at += run;
      }
    }
    return kept;
  };

  let best = input;
  for (let length = -1; length !== best.length;) {
    length = best.length;
    best = Buffer.concat(await withoutPieces(split(best)));
    best = Buffer.concat(await withoutPieces(Array.from(best, (byte) => Uint8Array.of(byte))));
  }
  for (let at = 0; at < best.length && tries < maxTries; at++) {
    if (best[at] === 0) continue;
    const candidate = Uint8Array.from(best);
    candidate[at] = 0;
    if (await stillFails(candidate)) best = candidate;
  }
  return Uint8Array.from(best);
};
