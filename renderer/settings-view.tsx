/** Every setting, from the one description that the monitor itself uses, beside what it would change right now. */
import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { defaultSettings } from '../shared/core/settings.ts'
import { changesTo } from '../shared/core/settings-change.ts'
import { settingFields, settingSections } from '../shared/core/settings-fields.ts'
import { presetIn, presetNames, presets } from '../shared/core/settings-presets.ts'
import { AppearanceChoices } from './appearance-menu.tsx'
import { useIsOpen } from './page-context.tsx'
import { useSettingsDraft } from './settings-draft.tsx'
import { FieldControl } from './settings-field.tsx'
import { ExportImport, MutedSessions, StartAtLogin } from './settings-other.tsx'
import { PreviewCard } from './settings-preview-card.tsx'
import { ProjectOverrides } from './settings-projects.tsx'
import { useSettingWords } from './settings-words.ts'

/** @param section The group to scroll to, or null. */
export function SettingsView({ section }: { readonly section: string | null }) {
  const words = useSettingWords()
  const isOpen = useIsOpen()
  const groups = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (section === null) return
    groups.current?.querySelector(`[data-section="${CSS.escape(section)}"]`)?.scrollIntoView({ block: 'start' })
  }, [section])
  return (
    <div className="settings" inert={!isOpen || undefined}>
      <header className="settings-head">
        <h2 tabIndex={-1} data-view-title>
          {words.t('settings.title')}
        </h2>
        <Presets />
      </header>
      <SectionLinks />
      <div className="settings-groups" ref={groups}>
        {settingSections.map(name => (
          <Group key={name} name={name}>
            {settingFields
              .filter(field => field.section === name)
              .map(field => (
                <FieldControl key={field.key} field={field} />
              ))}
            {name === 'notifications' && <MutedSessions />}
            {name === 'app' && <AppOnly />}
          </Group>
        ))}
        <Group name="projects">
          <ProjectOverrides />
        </Group>
        <Group name="data">
          <ExportImport />
          <ResetAll />
        </Group>
      </div>
      <PreviewCard />
    </div>
  )
}

const allSections = [...settingSections, 'projects', 'data'] as const

function SectionLinks() {
  const words = useSettingWords()
  return (
    <nav className="settings-links" aria-label={words.t('settings.sectionsLabel')}>
      {allSections.map(name => (
        <a key={name} href={`#/settings/${name}`}>
          {words.section(name)}
        </a>
      ))}
    </nav>
  )
}

interface GroupProps {
  readonly name: (typeof allSections)[number]
  readonly children: React.ReactNode
}

function Group({ name, children }: GroupProps) {
  const words = useSettingWords()
  const id = `settings-${name}`
  return (
    <section className="card settings-group" data-section={name} aria-labelledby={id}>
      <h3 id={id}>{words.section(name)}</h3>
      {children}
    </section>
  )
}

/** Ready-made policies. Choosing one only fills the form. */
function Presets() {
  const words = useSettingWords()
  const draft = useSettingsDraft()
  const chosen = presetIn(draft.candidate)
  return (
    <fieldset className="presets">
      <legend className="hidden">{words.t('settings.presets.label')}</legend>
      {presetNames.map(name => (
        <Button
          key={name}
          size="xs"
          variant={chosen === name ? 'light' : 'default'}
          aria-pressed={chosen === name}
          title={words.t(`settings.presets.help.${name}`)}
          onClick={() => draft.set(presets[name])}
        >
          {words.t(`settings.presets.${name}`)}
        </Button>
      ))}
    </fieldset>
  )
}

/** What belongs to this page or this host, and is in no settings file. */
function AppOnly() {
  const words = useSettingWords()
  return (
    <>
      <StartAtLogin />
      <div className="setting">
        <h4>{words.t('settings.thisPage')}</h4>
        <AppearanceChoices />
      </div>
    </>
  )
}

function ResetAll() {
  const words = useSettingWords()
  const draft = useSettingsDraft()
  return (
    <div className="setting">
      <p className="setting-help">{words.t('settings.resetAllHelp')}</p>
      <Button size="xs" onClick={() => draft.set(changesTo(defaultSettings))}>
        {words.t('settings.resetAll')}
      </Button>
    </div>
  )
}
