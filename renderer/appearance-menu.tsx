/** Colours, contrast and motion of this page. */
import { ActionIcon, Popover, SegmentedControl, Tooltip, useMantineColorScheme } from '@mantine/core'
import { useId, useState } from 'react'
import { LineIcon } from './icons.tsx'
import { setPreferences, usePreferences } from './preferences.ts'
import { useWords } from './words.ts'

export function AppearanceMenu() {
  const { t } = useWords()
  const [opened, setOpened] = useState(false)
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-end"
      trapFocus
      withRoles
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <Tooltip label={t('actions.appearance')} disabled={opened}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('actions.appearance')}
            onClick={() => setOpened(!opened)}
          >
            <LineIcon name="contrast" />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('appearance.title')}>
        <AppearanceChoices />
      </Popover.Dropdown>
    </Popover>
  )
}

/** The three choices by themselves: the settings show them too. */
export function AppearanceChoices() {
  const { t } = useWords()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const { contrast, motion } = usePreferences()
  return (
    <div className="appearance">
      <Choice
        label={t('appearance.colours')}
        value={colorScheme}
        data={[
          { value: 'auto', label: t('appearance.auto') },
          { value: 'light', label: t('appearance.light') },
          { value: 'dark', label: t('appearance.dark') },
        ]}
        onChange={value => setColorScheme(value as typeof colorScheme)}
      />
      <Choice
        label={t('appearance.contrast')}
        value={contrast}
        data={[
          { value: 'auto', label: t('appearance.auto') },
          { value: 'high', label: t('appearance.high') },
        ]}
        onChange={value => setPreferences({ contrast: value as typeof contrast })}
      />
      <Choice
        label={t('appearance.motion')}
        value={motion}
        data={[
          { value: 'auto', label: t('appearance.auto') },
          { value: 'reduced', label: t('appearance.reduced') },
        ]}
        onChange={value => setPreferences({ motion: value as typeof motion })}
      />
    </div>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly data: { value: string; label: string }[]
  readonly onChange: (value: string) => void
}

function Choice({ label, value, data, onChange }: ChoiceProps) {
  const id = useId()
  return (
    <div>
      <p id={id}>{label}</p>
      <SegmentedControl aria-labelledby={id} size="xs" fullWidth value={value} data={data} onChange={onChange} />
    </div>
  )
}
