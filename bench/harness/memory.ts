/**
 * Bytes in use on the JavaScript heap and in buffers outside of it, after a collection. Needs `--expose-gc`. Structures
 * that grow in steps make a difference of two such numbers uneven: count many of whatever is counted.
 */
export const usedBytes = (): number => {
  if (globalThis.gc === undefined) throw new Error("counting memory needs node --expose-gc");
  // Twice: what a finalizer of the first lets go is collected by the second.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
