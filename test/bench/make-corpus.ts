/** Makes a corpus and tells `corpora.ts` where its parts lie. */
import fs from 'node:fs'
import path from 'node:path'
import { buildCorpus, type CorpusOptions } from '../support/corpus.ts'
import { sayDone, sayResult } from './child-voice.ts'

const [, , folder = '', request = ''] = process.argv

const options = JSON.parse(request) as Omit<CorpusOptions, 'folder'>
const corpus = buildCorpus({ ...options, folder, writeTruth: true })
const transcripts = corpus.sessions.flatMap(({ streams }) =>
  streams.filter(({ path: file }) => file.endsWith('.jsonl')),
)
const listFile = path.join(corpus.folder, 'transcripts')
fs.writeFileSync(listFile, transcripts.map(({ path: file }) => `${file}\0`).join(''))

sayDone()
sayResult({
  folder: corpus.folder,
  configDir: corpus.configDir,
  truthFile: path.join(corpus.folder, 'truth.json'),
  listFile,
  files: transcripts.length,
  bytes: transcripts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  lines: corpus.sessions.reduce((sum, { truth }) => sum + truth.counts.lines, 0),
})
