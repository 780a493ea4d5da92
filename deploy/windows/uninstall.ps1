#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Removes the worker's task, and its files if -RemoveFiles is given: programs, variables with the secrets, and logs.
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [string] $InstallDir = 'C:\docserver',
    [string] $TaskName = 'PW-DocserverWorker',
    [switch] $RemoveFiles
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (Get-ScheduledTask -TaskName $TaskName -ErrorAction SilentlyContinue) {
    if ($PSCmdlet.ShouldProcess($TaskName, 'stop and remove the task')) {
        Stop-ScheduledTask -TaskName $TaskName
        Unregister-ScheduledTask -TaskName $TaskName -Confirm:$false
    }
}
else {
    Write-Output "There is no task $TaskName."
}

if ($RemoveFiles -and (Test-Path -Path $InstallDir)) {
    # A mistyped folder must not take anything else along.
    if (-not (Test-Path -Path (Join-Path $InstallDir 'start_worker.bat'))) {
        throw "$InstallDir does not look like a worker's folder: nothing was removed there."
    }
    if ($PSCmdlet.ShouldProcess($InstallDir, 'remove all files')) {
        Remove-Item -Recurse -Force -Path $InstallDir
    }
}
