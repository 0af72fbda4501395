/**
 * From `firstNs` to `lastNs`, on the monotonic clock that all processes of the machine share, `who` believed to hold
 * `name`: by `assertHeld()`, called just before the one and just after the other.
 */
export interface Claim {
  readonly who: string;
  readonly name: string;
  readonly token: number;
  readonly firstNs: number;
  readonly lastNs: number;
}

/** Where claims of one name overlap, or their tokens do not grow. */
export const violationsOf = (claims: readonly Claim[]): string[] => {
  const violations: string[] = [];
  const latest = new Map<string, Claim>();
  for (const claim of [...claims].sort((a, b) => a.firstNs - b.firstNs)) {
    const before = latest.get(claim.name);
    if (before !== undefined) {
      const both = `${claim.name}: ${before.who} and ${claim.who}`;
      const overlapUs = Math.round((before.lastNs - claim.firstNs) / 1_000);
      if (before.lastNs > claim.firstNs) violations.push(`${both} both held it, for ${overlapUs} us`);
      if (before.token >= claim.token)
        violations.push(`${both}: tokens ${before.token}, then ${claim.token}`);
    }
    // The one that lasts longest may overlap with more than its next.
    if (before === undefined || claim.lastNs > before.lastNs) latest.set(claim.name, claim);
  }
  return violations;
};
