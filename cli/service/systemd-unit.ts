/** The unit of the user's own systemd (`systemd.service(5)`, `systemd.syntax(7)`). Pure. */
import { type ServicePlan, serviceDescription, serviceTitle } from './service-plan.ts'

/**
 * Started again when it breaks, but not where a start cannot help: a wrong command line (2), another monitor (3).
 * The `:` before the program keeps `$` as it is.
 */
export function systemdUnit({ node, script, args, env }: ServicePlan): string {
  const command = [node, script, ...args].map(quoted).join(' ')
  const environment = Object.entries(env).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`)
  return [
    '[Unit]',
    `Description=${serviceTitle}: ${serviceDescription.toLowerCase()}`,
    'StartLimitIntervalSec=300',
    'StartLimitBurst=10',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=:${command}`,
    ...environment,
    'Restart=on-failure',
    'RestartSec=5',
    'RestartPreventExitStatus=2 3',
    'TimeoutStopSec=15',
    'UMask=0077',
    'Nice=5',
    'StandardOutput=null',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n')
}

/** In quotes, with `%` doubled, which would otherwise name a specifier. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`
}
