@echo off
rem The command line of the installed app. It runs on the system's Node: the app's own runtime is locked to the app.
setlocal
if "%SESSION_MONITOR_NODE%"=="" set "SESSION_MONITOR_NODE=node"
"%SESSION_MONITOR_NODE%" -e "const [a, b] = process.versions.node.split('.').map(Number); process.exit(a > 22 || (a === 22 && b >= 15) ? 0 : 1)" 2>nul
if errorlevel 1 (
  echo session-monitor needs Node 22.15 or newer on the PATH, or its place in SESSION_MONITOR_NODE. 1>&2
  exit /b 1
)
"%SESSION_MONITOR_NODE%" "%~dp0..\cli\session-monitor.js" %*
