/** Rows under their names, in the frame that etcdctl draws up to 3.6. Cells are flushed right, names centered. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = names.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const frame = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`;
  const centered = (name: string, i: number): string =>
    name.padStart(name.length + Math.floor((widths[i]! - name.length) / 2)).padEnd(widths[i]!);
  const lineOf = (cells: readonly string[]): string =>
    `|${cells.map((cell, i) => ` ${cell.padStart(widths[i]!)} `).join("|")}|\n`;
  return [
    frame,
    lineOf(names.map(centered)),
    frame,
    ...rows.map(lineOf),
    ...(rows.length === 0 ? [] : [frame]),
  ].join("");
}
