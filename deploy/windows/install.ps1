#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Installs a millhand worker on Windows: documents from a bucket become PDFs by Word.

.DESCRIPTION
Checks Python and Word, installs millhand into an environment of its own, writes the file with its variables for nobody
but administrators, the system and the task's user, registers the task and starts it. Run it again to upgrade, or to
change a value.

.EXAMPLE
.\install.ps1 -Package 'C:\millhand-0.1.0-py3-none-any.whl[documents,word]' -MinioEndpoint minio.example.com -MinioAccessKey key
The secret key is asked for.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string] $MinioEndpoint,
    [ValidateRange(1, 65535)] [int] $MinioPort = 443,
    [bool] $MinioSecure = $true,
    [Parameter(Mandatory)] [string] $MinioAccessKey,
    # Asked for unless it is given, so that it stands in no history of commands.
    [Parameter(Mandatory)] [securestring] $MinioSecretKey,
    [string] $MinioBucket = '',
    [ValidateRange(1, 86400)] [int] $DocserverTimeout = 120,
    [string] $InstallDir = 'C:\docserver',
    [string] $TaskName = 'PW-DocserverWorker',
    # SYSTEM works with nobody logged in; a name makes a task of that user, for while they are logged in.
    [string] $RunAs = 'SYSTEM',
    # A wheel that you built, with its extras: 'C:\millhand-0.1.0-py3-none-any.whl[documents,word]'.
    [Parameter(Mandatory)] [string] $Package,
    [string] $Python = 'python',
    # Without Word, LibreOffice converts, and its PDFs count as degraded.
    [switch] $WithoutWord,
    [switch] $NoStart
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Invoke-Checked {
    <# Runs a program, and stops with what it did if it failed. #>
    param([Parameter(Mandatory)] [string] $Program, [string[]] $Arguments)
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) {
        throw "$Program $($Arguments -join ' ') ended with exit code $LASTEXITCODE."
    }
}

function Assert-Python {
    $version = & $Python -c "import sys; print('%d.%d' % sys.version_info[:2])"
    if ($LASTEXITCODE -ne 0) {
        throw "There is no '$Python'. Install Python 3.11 or newer from python.org for all users, or name one with -Python."
    }
    if ([version] $version -lt [version] '3.11') {
        throw "Python $version is too old: 3.11 or newer is needed. Name another one with -Python."
    }
    Write-Output "Python $version"
}

function Assert-Word {
    if ($WithoutWord) {
        return
    }
    if (-not (Test-Path -Path 'Registry::HKEY_CLASSES_ROOT\Word.Application\CurVer')) {
        throw 'Word is not installed. Install it, or use -WithoutWord to convert by LibreOffice.'
    }
    # Under SYSTEM, Word opens nothing and says nothing unless these are there: one for each width of Word.
    foreach ($part in 'System32', 'SysWOW64') {
        $config = Join-Path $env:SystemRoot "$part\config\systemprofile"
        if (Test-Path -Path $config) {
            New-Item -ItemType Directory -Force -Path (Join-Path $config 'Desktop') | Out-Null
        }
    }
}

function Install-Package {
    New-Item -ItemType Directory -Force -Path $InstallDir, (Join-Path $InstallDir 'logs') | Out-Null
    $venv = Join-Path $InstallDir '.venv'
    if (-not (Test-Path -Path (Join-Path $venv 'Scripts\python.exe'))) {
        Invoke-Checked $Python @('-m', 'venv', $venv)
    }
    Invoke-Checked (Join-Path $venv 'Scripts\python.exe') @('-m', 'pip', 'install', '--upgrade', '--quiet', $Package)
    foreach ($file in 'start_worker.bat', 'reconfigure_task.ps1', 'uninstall.ps1') {
        if ($PSScriptRoot -ne $InstallDir) {
            Copy-Item -Force -Path (Join-Path $PSScriptRoot $file) -Destination $InstallDir
        }
    }
}

function Protect-Path {
    <# Leaves a file or folder to administrators, the system and the task's user. SIDs: the names differ by language. #>
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [string] $Rights)
    $grants = @("*S-1-5-18:$Rights", "*S-1-5-32-544:$Rights")
    if ($RunAs -ne 'SYSTEM') {
        $grants += "${RunAs}:$Rights"
    }
    Invoke-Checked 'icacls.exe' (@($Path, '/inheritance:r', '/grant:r') + $grants)
}

function Format-Value {
    <# A value as the file of variables has it: in quotes only where it would be misread without. #>
    param([string] $Value)
    if ($Value -notmatch '[\s#''"]') {
        return $Value
    }
    $quote = if ($Value.Contains('"')) { "'" } else { '"' }
    if ($Value.Contains($quote)) {
        throw 'A value with both sorts of quotes can''t be written.'
    }
    return "$quote$Value$quote"
}

function Write-EnvFile {
    $file = Join-Path $InstallDir 'docserver.env'
    # Made empty and closed to others before there is a secret in it.
    if (-not (Test-Path -Path $file)) {
        New-Item -ItemType File -Path $file | Out-Null
    }
    Protect-Path -Path $file -Rights 'F'
    $secret = [System.Net.NetworkCredential]::new('', $MinioSecretKey).Password
    $lines = @(
        "MINIO_ENDPOINT=$MinioEndpoint"
        "MINIO_PORT=$MinioPort"
        "MINIO_SECURE=$("$MinioSecure".ToLowerInvariant())"
        "MINIO_ACCESS_KEY=$(Format-Value $MinioAccessKey)"
        "MINIO_SECRET_KEY=$(Format-Value $secret)"
        "DOCSERVER_TIMEOUT=$DocserverTimeout"
    )
    if ($MinioBucket) {
        $lines += "MINIO_BUCKET=$MinioBucket"
    }
    # Without a byte order mark, which Windows PowerShell would write.
    [System.IO.File]::WriteAllLines($file, $lines, [System.Text.UTF8Encoding]::new($false))
}

Assert-Python
Assert-Word
if ($PSCmdlet.ShouldProcess($InstallDir, "install $Package and the task $TaskName")) {
    if (Get-ScheduledTask -TaskName $TaskName -ErrorAction SilentlyContinue) {
        # Files of a running worker can't be replaced.
        Stop-ScheduledTask -TaskName $TaskName
    }
    Install-Package
    # Who may write here decides what the task runs: inside, everything inherits this.
    Protect-Path -Path $InstallDir -Rights '(OI)(CI)F'
    Write-EnvFile
    & (Join-Path $InstallDir 'reconfigure_task.ps1') -InstallDir $InstallDir -TaskName $TaskName -RunAs $RunAs
    if (-not $NoStart) {
        Start-ScheduledTask -TaskName $TaskName
    }
    Write-Output "Installed in $InstallDir. Log: $InstallDir\logs\worker.log"
}
