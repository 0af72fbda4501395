/**
 * A sequence of numbers that follows from its seeds alone (xoshiro128**, Blackman and Vigna): the same on every
 * machine and Node version, which is what makes a failure repeatable.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  constructor(...seeds: number[]) {
    this.seed(...seeds);
  }

  /** Starts anew. One object serves input after input. */
  seed(...seeds: number[]): void {
    let state = 0x9e37_79b9;
    for (const seed of seeds) state = mix(state ^ mix(seed | 0));
    // Four words that are never all zero, from one: splitmix.
    this.#a = state = mix((state + 0x9e37_79b9) | 0);
    this.#b = state = mix((state + 0x9e37_79b9) | 0);
    this.#c = state = mix((state + 0x9e37_79b9) | 0);
    this.#d = mix((state + 0x9e37_79b9) | 0) | 1;
  }

  /** 32 bits, unsigned. */
  uint32(): number {
    const b = this.#b;
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    this.#c ^= this.#a;
    this.#d ^= b;
    this.#b = b ^ this.#c;
    this.#a ^= this.#d;
    this.#c ^= b << 9;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** 0 to `count` - 1. A count of 0 gives 0. */
  below(count: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * count);
  }

  /** `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** True once in `count`. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(items: ArrayLike<T>): T {
    return items[this.below(items.length)]!;
  }
}

/** The finalizer of MurmurHash3: every bit of the input moves every bit of the output. */
const mix = (value: number): number => {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
};

/** A number for a name, to seed with (FNV-1a). */
export const hashOf = (text: string): number => {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash | 0;
};
