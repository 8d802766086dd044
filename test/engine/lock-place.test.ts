import { describe, expect, it } from 'vitest'
import { lockPlaceNotice } from '../../shared/engine/lock-place.ts'
import type { DiskSpace } from '../../shared/engine/ports.ts'
import { createMemoryFiles } from '../support/memory-file-system.ts'

const on = (kind: DiskSpace['kind']) => ({
  ...createMemoryFiles(),
  diskSpace: () => ({ freeBytes: 1, totalBytes: 2, kind }),
})

describe('the place of the lock', () => {
  it('says of a network disk what is guaranteed there and what is not', () => {
    const notice = lockPlaceNotice(on('network'), '/mnt/share/store')
    expect(notice).toMatchObject({ id: 'network-folder', level: 'warn' })
    expect(notice?.message).toMatch(
      /^\/mnt\/share\/store lies on a network disk\. Still guaranteed: .*Not guaranteed: /,
    )
  })

  it.each(['local', 'unknown'] as const)('says nothing of a disk that is %s', kind => {
    expect(lockPlaceNotice(on(kind), '/data/store')).toBeNull()
  })

  it('says nothing of a folder that is not there', () => {
    expect(lockPlaceNotice(createMemoryFiles(), '/nowhere')).toBeNull()
  })
})
