/** `session-monitor schema`: the shape of what commands print with `--json`, as JSON Schema. */
import { oneLine } from '../../shared/core/format.ts'
import { type CommandContext, fail } from '../context.ts'
import { type ExitCode, exitCodes, usageProblem } from '../exit-codes.ts'
import { jsonSchemaOf, outputSchemas } from '../json-schemas.ts'
import { safeJson } from '../terminal.ts'

/** @param name Of a command, such as `state check`; '' for the names of all that print JSON. */
export async function schema(context: CommandContext, name: string): Promise<ExitCode> {
  const names = Object.keys(outputSchemas)
  if (name === '') {
    for (const each of names) context.terminal.print(each)
    return exitCodes.fine
  }
  const found = Object.entries(outputSchemas).find(([each]) => each === name)
  if (found === undefined) {
    return fail(context, usageProblem(`"${oneLine(name, 80)}" prints no JSON`, `name one of: ${names.join(', ')}`))
  }
  context.terminal.print(safeJson(jsonSchemaOf(found[0], found[1])))
  return exitCodes.fine
}
