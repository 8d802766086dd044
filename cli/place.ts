/** Where the monitor that runs can be talked to. Loads nothing that talks. */
import os from 'node:os'
import { dataFolder } from '../shared/engine/data-folder.ts'
import { type LocalPlace, localPlace } from '../shared/engine/local-place.ts'
import type { CommandContext } from './context.ts'

export function placeOf({ environment }: Pick<CommandContext, 'environment'>): LocalPlace {
  return localPlace(dataFolder(environment), environment.platform, os.tmpdir())
}
