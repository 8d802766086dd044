/** Copies the command that goes on with a conversation. */
import { Button } from '@mantine/core'
import type { SessionView } from '../shared/core/monitor-state.ts'
import { shellWord } from '../shared/core/shell-word.ts'
import { copyText } from './clipboard.ts'
import { LineIcon } from './icons.tsx'
import { useStore } from './page-context.tsx'
import { useWords } from './words.ts'

export function resumeCommand({ cwd, sessionId }: Pick<SessionView, 'cwd' | 'sessionId'>): string {
  const resume = `claude --resume ${sessionId}`
  return cwd === null ? resume : `cd ${shellWord(cwd)} && ${resume}`
}

export function ResumeCommand({ session }: { readonly session: SessionView }) {
  const { t } = useWords()
  return <CopyButton text={resumeCommand(session)} label={t('session.actions.resume')} />
}

interface CopyProps {
  readonly text: string
  readonly label: string
  readonly size?: 'sm' | 'xs'
}

/** Says "Copied." when it is, and shows the text itself when it could not be. */
export function CopyButton({ text, label, size = 'sm' }: CopyProps) {
  const store = useStore()
  const copy = async () => {
    store.announce((await copyText(text)) ? { kind: 'copied' } : { kind: 'said', text, isError: true })
  }
  return (
    <Button size={size} leftSection={<LineIcon name="copy" />} title={text} onClick={() => void copy()}>
      {label}
    </Button>
  )
}
