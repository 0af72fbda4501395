/**
 * How often the runs do what they do: in full with `npm run test:safety`, where the mutants of `mutants.ts` run too, and
 * what takes long; a few times with all other tests.
 */
export const isFull = process.env["ETCDWIRE_SAFETY"] === "full";

export const quota = (full: number, few: number): number => (isFull ? full : few);
