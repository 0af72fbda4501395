/**
 * Of lines and bars, by a system's place in the report. Hues after Okabe and Ito, which people with any kind of colour
 * blindness can tell apart, darker on white and lighter on black, so that all have a contrast of 3 to 1 at least.
 */
export const LIGHT_COLOURS = [
  ...["#0063a8", "#c25400", "#007a59", "#a8387f", "#8a6a00"],
  ...["#2b83b5", "#4d4d4d", "#7a4fc0", "#b3261e", "#4f7a1f"],
] as const;
export const DARK_COLOURS = [
  ...["#62b8f0", "#ff9a4d", "#2fd0a0", "#f08cc6", "#e8c64a"],
  ...["#9ad8ff", "#c4c4c4", "#b9a0ff", "#ff8a80", "#a8d672"],
] as const;

/** Dash patterns, so that nobody has to tell colours apart: the line's place again, at another period. */
export const DASHES = [[], [8, 4], [2, 3], [8, 3, 2, 3]] as const;

export const colourIndex = (place: number): number => place % LIGHT_COLOURS.length;

export const dashOf = (place: number): readonly number[] => DASHES[place % DASHES.length]!;
