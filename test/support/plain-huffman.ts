import { EOS, appendixB, bitText, packBits } from "./huffman-code.js";

/** The plain twin of wire/huffman.ts: bit by bit, with the codes as RFC 7541 Appendix B prints them. */

const key = (bits: number, code: number): number => bits * 2 ** 30 + code;
const symbols = new Map(appendixB.map(({ code, bits }, symbol) => [key(bits, code), symbol]));

export const plainHuffmanEncode = (text: string): Buffer =>
  packBits(Array.from(text, (character) => bitText(character.charCodeAt(0))).join(""));

/** `undefined` for EOS, and for an end in anything but fewer than 8 bits that are all ones (§5.2). */
export const plainHuffmanDecode = (bytes: Uint8Array): string | undefined => {
  const decoded: number[] = [];
  let code = 0;
  let bits = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      const symbol = symbols.get(key(++bits, code));
      if (symbol === undefined) continue;
      if (symbol === EOS) return undefined;
      decoded.push(symbol);
      code = 0;
      bits = 0;
    }
  }
  return bits < 8 && code === 2 ** bits - 1 ? Buffer.from(decoded).toString("latin1") : undefined;
};
