/**
 * The values that the walk found in a line, by their names, and what they are. A value's place is its number here; that
 * of a block's value is {@link blockPlaces} larger with each block.
 */
import { backslash, quote } from './bytes'
import { isSound } from './strings'
import { blockInts, buffer, classes, nameNumber, places } from './tables'

/** The values of a record, then those of a block, in the order of the host's grammar. */
export enum Place {
  type,
  timestamp,
  cwd,
  branch,
  version,
  entrypoint,
  sessionId,
  sidechain,
  forkOf,
  apiError,
  requestedModel,
  subtype,
  meta,
  summary,
  toolResult,
  sourceTool,
  originKind,
  attachmentType,
  words,
  messageId,
  model,
  inputTokens,
  createdTokens,
  readTokens,
  created1h,
  created5m,
  customTitle,
  aiTitle,
  modelId,
  blockType,
  callId,
  tool,
  text,
  resultOf,
  content,
  isError,
  filePath,
  notebookPath,
  command,
  input,
}

/** What a name is where it stands as a value. */
export enum Meaning {
  none,
  user,
  assistant,
  attachment,
  goodbye,
  customTitle,
  aiTitle,
  queuedCommand,
  modelChange,
  boundary,
  human,
  text,
  call,
  result,
  wholeTool,
  commandTool,
  fileTool,
  notebookTool,
}

export const blockPlaces: u32 = blockInts >> 1
/** Of a name, in bytes with its quotes. Longer ones are measured by others. */
const longestName: i32 = 4098

@inline
export function startOf(place: u32): i32 {
  return load<i32>(places + 8 * place)
}

@inline
export function endOf(place: u32): i32 {
  return load<i32>(places + 8 * place + 4)
}

@inline
export function has(place: u32): bool {
  return startOf(place) !== -1
}

@inline
export function isTrue(place: u32): bool {
  return has(place) && load<u32>(buffer + startOf(place)) === 0x65757274
}

@inline
export function isText(place: u32): bool {
  return has(place) && load<u8>(buffer + startOf(place)) === quote
}

/** A text that is not empty. */
@inline
export function isName(place: u32): bool {
  return isText(place) && endOf(place) - startOf(place) > 2
}

/** The meaning of the text at a place; {@link Meaning.none} for any other value. */
export function meaningOf(place: u32): u32 {
  if (!isText(place)) return Meaning.none
  return load<u8>(classes + nameNumber(buffer + startOf(place) + 1, buffer + endOf(place) - 1))
}

/** A name spelled with an escape would not be recognised. */
export function isDisguised(place: u32): bool {
  if (!has(place)) return false
  for (let at = buffer + startOf(place); at < buffer + endOf(place); at++) if (load<u8>(at) === backslash) return true
  return false
}

@inline
export function isSoundAt(place: u32): bool {
  return isSound(buffer + startOf(place) + 1, buffer + endOf(place) - 1)
}

/** No text, or a sound one that is no longer than a name. */
export function isFit(place: u32): bool {
  return !isText(place) || (endOf(place) - startOf(place) <= longestName && isSoundAt(place))
}
