/** The task of Windows that starts at the user's logon, without an administrator (Task Scheduler schema 1.2). Pure. */
import { escapeXml } from './launchd-agent.ts'
import { type ServicePlan, serviceDescription } from './service-plan.ts'

export interface TaskWords {
  /** `DOMAIN\user`. */
  readonly user: string
  /** `C:\Windows`. */
  readonly systemRoot: string
  /** The file with the variables: a task cannot hold them. Null if there are none. */
  readonly envFile: string | null
}

/** Started again when it breaks, a minute later each time. `conhost --headless` keeps a console window away. */
export function scheduledTask(plan: ServicePlan, { user, systemRoot, envFile }: TaskWords): string {
  const node = [plan.node, ...(envFile === null ? [] : [`--env-file=${envFile}`]), plan.script, ...plan.args]
  const args = ['--headless', ...node].map(quoteArgument).join(' ')
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>${escapeXml(serviceDescription)}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>${escapeXml(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${escapeXml(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escapeXml(`${systemRoot}\\System32\\conhost.exe`)}</Command>
      <Arguments>${escapeXml(args)}</Arguments>
    </Exec>
  </Actions>
</Task>
`
}

/** As `CommandLineToArgvW` takes it apart: backslashes count only before a quotation mark. */
export function quoteArgument(text: string): string {
  if (/^[A-Za-z0-9_./:=\\-]+$/.test(text) && !text.endsWith('\\')) return text
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
}

/** For Node's `--env-file`: whatever stands in single quotes is taken as it is. */
export function envFileText(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${quoteEnv(value)}\n`)
    .join('')
}

function quoteEnv(value: string): string {
  const mark = ["'", '"', '`'].find(one => !value.includes(one)) ?? "'"
  return `${mark}${value}${mark}`
}
