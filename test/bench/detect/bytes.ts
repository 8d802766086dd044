/**
 * What any reader in Node has to pay: `read` only reads the bytes of the listed files into one buffer, `parse` also
 * makes a value of every line with `JSON.parse`.
 */
import fs from 'node:fs'
import { sayDone, sayResult } from '../child-voice.ts'

const [, , mode, listFile = ''] = process.argv
const paths = fs.readFileSync(listFile, 'utf8').split('\0').filter(Boolean)
const chunk = Buffer.allocUnsafeSlow(262_144)
let bytes = 0
let lines = 0
let records = 0

for (const path of paths) {
  if (mode === 'read') readOnly(path)
  else parseAll(path)
}
sayDone()
sayResult({ bytes, lines, records })

function readOnly(path: string): void {
  const file = fs.openSync(path, 'r')
  for (let count = -1; count !== 0; ) {
    count = fs.readSync(file, chunk, 0, chunk.length, null)
    bytes += count
  }
  fs.closeSync(file)
}

function parseAll(path: string): void {
  const content = fs.readFileSync(path)
  bytes += content.length
  for (let from = 0, end = content.indexOf(10); end !== -1; from = end + 1, end = content.indexOf(10, from)) {
    lines += 1
    if (isRecord(content.toString('utf8', from, end))) records += 1
  }
}

function isRecord(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object'
  } catch {
    return false
  }
}
