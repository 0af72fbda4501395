/** What one process sees of the callers that want one lock in it. */
export interface LocalLine {
  /** A caller asks; returns its number. */
  asks(): number;
  /** It has the lock, with this token. */
  acquired(caller: number, token: number): void;
  /** It is about to release. */
  releases(): void;
  /** Callers that came before one that had asked earlier, while another one held, or with a token that is too low. */
  readonly outOfOrderCount: number;
}

/**
 * Checks that callers get the lock one at a time and in the order in which they asked.
 *
 * @param freshTokens whether each holder's token is to be larger than the one before, or may be the same
 */
export const watchLocalLine = (freshTokens: boolean): LocalLine => {
  let askedCount = 0;
  let nextCaller = 0;
  let holderCount = 0;
  let lastToken = -Infinity;
  let outOfOrderCount = 0;
  return {
    asks: () => askedCount++,
    acquired: (caller, token) => {
      holderCount++;
      const isInOrder = caller === nextCaller && holderCount === 1;
      if (!isInOrder || token < lastToken || (freshTokens && token === lastToken)) outOfOrderCount++;
      nextCaller = caller + 1;
      lastToken = Math.max(lastToken, token);
    },
    releases: () => {
      holderCount--;
    },
    get outOfOrderCount() {
      return outOfOrderCount;
    },
  };
};
