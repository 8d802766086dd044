/** Says what an action came to: once, politely, in one place; it goes by itself unless it is trouble. */
import { ActionIcon } from '@mantine/core'
import { useEffect, useState } from 'react'
import { LevelIcon, LineIcon } from './icons.tsx'
import { useMonitor } from './page-context.tsx'
import { isTrouble, resultWords } from './result-words.ts'
import { useWords } from './words.ts'

/** How long a good result stays. Ms. */
const shownMs = 8_000

export function Announcer() {
  const words = useWords()
  const announcement = useMonitor(snapshot => snapshot.announcement)
  const [dismissed, setDismissed] = useState(0)
  const trouble = announcement !== null && isTrouble(announcement.result)
  useEffect(() => {
    if (announcement === null || trouble) return
    const timer = setTimeout(() => setDismissed(announcement.id), shownMs)
    return () => clearTimeout(timer)
  }, [announcement, trouble])
  const isShown = announcement !== null && announcement.id > dismissed
  return (
    <div className="announcer" data-shown={isShown || undefined} data-level={trouble ? 'error' : 'info'}>
      {isShown && <LevelIcon level={trouble ? 'error' : 'info'} />}
      <p role="status">{isShown && resultWords(words, announcement.result, Date.now())}</p>
      {isShown && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={words.t('result.dismiss')}
          onClick={() => setDismissed(announcement.id)}
        >
          <LineIcon name="close" />
        </ActionIcon>
      )}
    </div>
  )
}
