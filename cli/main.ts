#!/usr/bin/env node
/**
 * Entry point of `session-monitor`. Small, so that it can have what it loads kept in compiled form: that halves the
 * time to the first output. The cache lies in our own folder and is made only once that is there.
 */
import { existsSync } from 'node:fs'
import module from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { dataFolder } from '../shared/engine/data-folder.ts'

const folder = dataFolder({ env: process.env, home: os.homedir(), platform: process.platform })
// Newer than the oldest Node that is supported. `test` has promised to write nothing at all.
const mayWrite = process.argv[2] !== 'test'
if (mayWrite && existsSync(folder)) module.enableCompileCache?.(path.join(folder, 'code-cache'))

void import('./start.ts').then(({ start }) => start())
