/** Every system looks at what came back, as a program that uses it must. */
export const expect = (isRight: boolean): void => {
  if (!isRight) throw new Error("the reply is not the one expected");
};
