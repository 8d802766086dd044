import { expect, it } from 'vitest'
import { olderArguments } from '../../cli/older-arguments.ts'

it.each([
  [
    ['Install', '-Interval', '10'],
    ['install', '--interval', '10'],
  ],
  [
    ['install', '-interval:10', '-TimeHours', '2'],
    ['install', '--interval=10', '--time-hours', '2'],
  ],
  [
    ['-Once', '-Quiet'],
    ['--once', '--quiet'],
  ],
  [['TEST'], ['test']],
  [
    ['logs', '-Follow', '-n', '5', '-f'],
    ['logs', '--follow', '-n', '5', '-f'],
  ],
  [
    ['-ActivityFiles', '3', '-idle-minutes', '4'],
    ['--activity-files', '3', '--idle-minutes', '4'],
  ],
])('takes the older command line for this one: %j', (older, own) => {
  expect(olderArguments(older)).toEqual(own)
})

it.each([
  [['checkpoint', 'Install']],
  [['-v']],
  [['--interval', '5']],
  [['checkpoint', '-Unknown']],
  [['restore', 'a', '--to', '-x']],
])('leaves the rest as it is: %j', args => {
  expect(olderArguments(args)).toEqual(args)
})
