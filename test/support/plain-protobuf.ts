/** The plain twin of ProtoReader and of the varint writers: the encoding guide, in bigints. */

/** Two's complement in 64 bits, seven bits a byte, lowest first. */
export const plainVarint = (value: bigint | number): number[] => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
};

const refuse = (): never => {
  throw new Error("not protobuf");
};

/** Takes bytes off the front of a message. */
export class PlainProtoReader {
  constructor(public rest: Uint8Array) {}

  /** A varint's 64 bits, unsigned. */
  uint64(): bigint {
    let value = 0n;
    for (let count = 0; count < 10; count++) {
      const byte = this.rest[count] ?? refuse();
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte >= 0x80) continue;
      this.rest = this.rest.subarray(count + 1);
      return BigInt.asUintN(64, value);
    }
    return refuse();
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  uint32(): number {
    const value = this.uint64();
    return value < 2n ** 32n ? Number(value) : refuse();
  }

  tag(): number {
    const tag = this.uint32();
    return tag < 8 ? refuse() : tag;
  }

  bool(): boolean {
    return this.uint64() !== 0n;
  }

  /** -(2^53) passes, as in protobuf.ts: it is exact. */
  safeInteger(): number {
    const value = this.int64();
    return value < 2n ** 53n && value >= -(2n ** 53n) ? Number(value) : refuse();
  }

  bytes(): Uint8Array {
    return this.take(this.uint32());
  }

  skip(tag: number): void {
    const wireType = tag % 8;
    if (wireType === 0) this.uint64();
    else if (wireType === 1) this.take(8);
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.take(4);
    else refuse();
  }

  private take(length: number): Uint8Array {
    const taken = length <= this.rest.length ? this.rest.subarray(0, length) : refuse();
    this.rest = this.rest.subarray(length);
    return taken;
  }
}
