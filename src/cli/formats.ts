import type { Run } from "./context.js";
import { UsageError } from "./exit-codes.js";
import type { OutputFormat } from "./global-flags.js";

/** @throws UsageError if the command does not have the format that was asked for */
export function requireFormat(run: Run, formats: readonly OutputFormat[]): void {
  const { format } = run.settings;
  if (format !== undefined && !formats.includes(format))
    throw new UsageError(
      `--write-out ${format} is not made for this command: there is ${formats.join(", ")}`,
    );
}
