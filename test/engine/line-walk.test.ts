import { expect, it } from 'vitest'
import { applyToStream, emptyStream, type StreamFold } from '../../shared/core/stream-fold.ts'
import { createLineReader } from '../../shared/engine/line-reader.ts'
import { createLineWalk } from '../../shared/engine/line-walk.ts'
import { createScanner, startOfFile } from '../../shared/engine/transcript-scanner.ts'
import { fileInMemory } from '../support/file-in-memory.ts'
import { splitLines } from '../support/plain-reader.ts'

/** What the careful reader, without WebAssembly, makes of each line by itself. */
function careful(bytes: Buffer): StreamFold {
  const part = emptyStream(true)
  const reader = createLineReader(null)
  reader.buffer(1)
  let endByte = 0
  for (const line of splitLines(bytes).complete) {
    endByte += line.length + 1
    applyToStream(part, reader.read(line, 0, line.length), endByte)
  }
  return part
}

/** A key of bytes that stand for “no name” in the table of spellings. */
const erased = Buffer.concat([Buffer.from('{"'), Buffer.alloc(32, 0xff)])
const typed = Buffer.from('{"type":"user","timestamp":"2026-11-23T02:11:58.811Z","message":{"content":"Go on"}}\n')

it('a key of erased bytes does not join its line with the next', () => {
  const bytes = Buffer.concat([erased, Buffer.from('\n"1,"type":"user"}\n'), typed])
  const part = emptyStream(true)
  const steps = [...createScanner().fold(fileInMemory(bytes), startOfFile, bytes.length, part)]
  expect(part).toEqual(careful(bytes))
  expect(steps.at(-1)).toEqual({ endByte: bytes.length, scannedTo: bytes.length })
})

it('a file that ends in erased bytes is not read on in what another file left in the buffer', () => {
  const scanner = createScanner()
  // Begins with a key that is no name; from byte 37 on it could go on from a quote.
  const before = Buffer.concat([Buffer.from('{"zzz":"'.padEnd(37)), Buffer.from('x"}\n'), typed, typed, typed])
  const bytes = Buffer.concat([erased, Buffer.from('\n')])
  for (const _ of scanner.fold(fileInMemory(before), startOfFile, before.length, emptyStream(true)));
  // The last first key that was seen is no name.
  const unnamed = Buffer.from('{"zzz":1}\n')
  for (const _ of scanner.fold(fileInMemory(unnamed), startOfFile, unnamed.length, emptyStream(true)));
  const part = emptyStream(true)
  const steps = [...scanner.fold(fileInMemory(bytes), startOfFile, bytes.length, part)]
  expect(part).toEqual(careful(bytes))
  expect(steps.at(-1)).toEqual({ endByte: bytes.length, scannedTo: bytes.length })
})

it('a text of a million backslashes is noted; were each looked at by all before it, this would take half an hour', () => {
  const walk = createLineWalk()
  const line = `{"type":"user","timestamp":"2026-11-23T02:11:58.811Z","message":{"content":"${'\\'.repeat(1_000_000)}"}}\n`
  const length = walk?.buffer.write(line, 0) ?? 0
  expect([walk?.run(0, length), walk?.notes.lines(), walk?.notes.oddEnd()]).toEqual([length, 1, -1])
})
