/** Every system looks at what came back, as a program that uses it must. */
export const expect = (isRight: boolean): void => {
  if (!isRight) throw new Error("the reply is not the one expected");
};

/** What a get of one key that is there has found. */
export const oneOf = <T>(kvs: readonly T[]): T => {
  expect(kvs.length === 1);
  return kvs[0]!;
};
