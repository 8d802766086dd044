/** The words of the first run, in German. */
export const welcomeDe = {
  title: 'Deine Sitzungen werden geschützt',
  short_one: '{{n}} Sitzung wurde gefunden. Stirbt sie, verlierst du höchstens, was nach ihrer letzten Sicherung kam.',
  short_other:
    '{{n}} Sitzungen wurden gefunden. Stirbt eine, verlierst du höchstens, was nach ihrer letzten Sicherung kam.',
  more: 'Was hier geschieht',
  dismiss: 'Verstanden',
  found: 'Was gefunden wurde',
  foundSessions_one: '{{n}} Sitzung',
  foundSessions_other: '{{n}} Sitzungen',
  foundProjects_one: 'in {{n}} Projekt',
  foundProjects_other: 'in {{n}} Projekten',
  foundLive_one: '{{n}} davon läuft',
  foundLive_other: '{{n}} davon laufen',
  foundNone: 'Noch keine Sitzung. Starte Claude Code irgendwo auf diesem Rechner: sie erscheint hier von selbst.',
  searched: 'Gesucht wurde in {{roots}}',
  saved: 'Was gesichert wird',
  savedText:
    'Das Gespräch mit seinen Unteragenten, der Arbeitsordner mit uncommitteten und neuen Dateien, und eine kurze Zusammenfassung zum Weitermachen. Dateien, die git ignoriert, bleiben außen vor.',
  where: 'Wo',
  whereText: 'In {{folder}}, außerhalb deiner Repositories und der Ordner von Claude. Höchstens {{budget}} GB.',
  when: 'Wann',
  whenText:
    'Alle {{interval}} min werden alle Sitzungen angesehen. Gesichert wird eine, wenn {{hours}} h vergangen sind, {{files}} Dateien geändert sind, ihr Kontext zu {{fill}} % voll ist oder sie {{idle}} min ruhte; und sofort, wenn sie endet oder stirbt.',
  harmless: 'In deine Repositories, deinen Index und die Dateien von Claude wird nie geschrieben.',
  start: 'Jetzt alles sichern',
  starting: 'Sichert …',
  done: 'Meine Sitzungen zeigen',
  adjust: 'Einstellungen anpassen',
} as const
