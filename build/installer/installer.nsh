; Links the command line into a folder that is on every user's PATH since Windows 10. PATH itself is never edited.
!macro customInstall
  FileOpen $0 "$LOCALAPPDATA\Microsoft\WindowsApps\session-monitor.cmd" w
  FileWrite $0 '@"$INSTDIR\resources\bin\session-monitor.cmd" %*$\r$\n'
  FileClose $0
!macroend

!macro customUnInstall
  ${ifNot} ${isUpdated}
    Delete "$LOCALAPPDATA\Microsoft\WindowsApps\session-monitor.cmd"
  ${endIf}
!macroend
