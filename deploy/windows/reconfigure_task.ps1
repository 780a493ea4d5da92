#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Registers the worker's scheduled task, or gives an existing one these settings again. Running it twice changes nothing.

.DESCRIPTION
The task starts with the machine, and again every five minutes: while a worker runs, the second start is ignored, so
that one which ended for whatever reason is back within five minutes and never runs twice. Task Scheduler's own default
would stop a task after three days; here it has no time limit.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string] $InstallDir = 'C:\docserver',
    [string] $TaskName = 'PW-DocserverWorker',
    [string] $RunAs = 'SYSTEM'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$start = Join-Path $InstallDir 'start_worker.bat'
if (-not (Test-Path -Path $start)) {
    throw "There is no $start. Run install.ps1 first, or name the folder with -InstallDir."
}

$action = New-ScheduledTaskAction -Execute "$env:SystemRoot\System32\cmd.exe" -Argument "/d /c `"$start`"" `
    -WorkingDirectory $InstallDir

# No duration of the repetition: for ever.
$everyFiveMinutes = New-ScheduledTaskTrigger -Once -At (Get-Date).Date -RepetitionInterval (New-TimeSpan -Minutes 5)
$triggers = @((New-ScheduledTaskTrigger -AtStartup), $everyFiveMinutes)

$settings = New-ScheduledTaskSettingsSet `
    -RestartCount 99 `
    -RestartInterval (New-TimeSpan -Minutes 1) `
    -StartWhenAvailable `
    -MultipleInstances IgnoreNew `
    -ExecutionTimeLimit ([TimeSpan]::Zero) `
    -AllowStartIfOnBatteries `
    -DontStopIfGoingOnBatteries `
    -Priority 5

if ($RunAs -eq 'SYSTEM') {
    $principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
}
else {
    $principal = New-ScheduledTaskPrincipal -UserId $RunAs -LogonType Interactive -RunLevel Limited
}

if ($PSCmdlet.ShouldProcess($TaskName, 'register the task')) {
    $task = @{
        TaskName    = $TaskName
        Description = 'millhand: converts documents from a bucket to PDF.'
        Action      = $action
        Trigger     = $triggers
        Settings    = $settings
        Principal   = $principal
        Force       = $true
    }
    Register-ScheduledTask @task | Out-Null
    Write-Output "The task $TaskName starts with the machine, and within five minutes whenever it does not run."
}
