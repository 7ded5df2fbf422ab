<#
.SYNOPSIS
Tries, on a real Windows, what Vigia stands on: one line for each thing, with its result and its time.

.DESCRIPTION
For an administrator, after the installer (it tells as well what is missing before it). What vigia.exe has a command for
is asked of it; the rest is tried directly, by the same interface of Windows that the program uses. Nothing is changed:
all of it is read, and the one secret that is wrapped stays in memory.

Exit code: 0 nothing failed, 1 something failed, 2 it was not started by an administrator.

.PARAMETER Program
vigia.exe; as installed, unless told.

.PARAMETER Config
vigia.ini; as installed, unless told.

.PARAMETER Json
The result as one JSON object, for a program.

.EXAMPLE
powershell -NoProfile -ExecutionPolicy Bypass -File self-test.ps1

.EXAMPLE
powershell -NoProfile -ExecutionPolicy Bypass -File self-test.ps1 -Json > self-test.json
#>
[CmdletBinding()]
param(
    [string]$Program = (Join-Path $env:ProgramFiles 'Vigia\vigia.exe'),
    [string]$Config = (Join-Path $env:ProgramData 'Vigia\vigia.ini'),
    [switch]$Json
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$Data = Join-Path $env:ProgramData 'Vigia'
$Services = @('VigiaCollect', 'VigiaShip')
$PatienceSeconds = 180
$MegaByte = 1048576
$PrivateBytesMax = 8 * $MegaByte
$Tests = New-Object System.Collections.ArrayList

# ---- running ----------------------------------------------------------------------------------------------

# What a test gives back: ok, warn (works, but look at it), fail, skip (not on this machine).
function New-Result([string]$Result, [string]$Detail) {
    New-Object PSObject -Property @{ Result = $Result; Detail = $Detail }
}

function Invoke-Test([string]$Name, [string]$Uses, [scriptblock]$Body) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    try {
        $one = @(& $Body)[-1]
    } catch {
        $one = New-Result 'fail' $_.Exception.Message
    }
    $detail = ([string]$one.Detail) -replace '\s+', ' '
    $row = New-Object PSObject -Property @{
        test = $Name; uses = $Uses; result = $one.Result; detail = $detail; ms = [int]$watch.ElapsedMilliseconds
    }
    [void]$Tests.Add($row)
    if (-not $Json) {
        Write-Host ('{0,-5} {1,7} ms  {2}: {3}' -f $row.result, $row.ms, $Name, $detail)
    }
}

# A command of vigia.exe: its exit code and all that it printed.
function Invoke-Vigia([string[]]$Words) {
    $start = New-Object Diagnostics.ProcessStartInfo
    $start.FileName = $Program
    $start.Arguments = $Words -join ' '
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.StandardOutputEncoding = [Text.Encoding]::UTF8
    $start.StandardErrorEncoding = [Text.Encoding]::UTF8
    $process = [Diagnostics.Process]::Start($start)
    $errors = $process.StandardError.ReadToEndAsync()
    $output = $process.StandardOutput.ReadToEndAsync()
    if (-not $process.WaitForExit($PatienceSeconds * 1000)) {
        $process.Kill()
        throw "it did not end within $PatienceSeconds s"
    }
    New-Object PSObject -Property @{ Code = $process.ExitCode; Output = $output.Result; Errors = $errors.Result }
}

# What may hang is asked in a process of its own, which is ended when the time is over.
function Invoke-Bounded([scriptblock]$Body) {
    $job = Start-Job -ScriptBlock $Body
    try {
        if (-not (Wait-Job $job -Timeout $PatienceSeconds)) {
            throw "no answer within $PatienceSeconds s"
        }
        Receive-Job $job -ErrorAction Stop
    } finally {
        Remove-Job $job -Force
    }
}

function Get-RegistryKey([string]$Path, [string]$View) {
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $View)
    $base.OpenSubKey($Path)
}

# ---- the machine ------------------------------------------------------------------------------------------

function Test-Windows {
    $key = Get-RegistryKey 'SOFTWARE\Microsoft\Windows NT\CurrentVersion' 'Registry64'
    $build = [int]$key.GetValue('CurrentBuildNumber')
    $words = '{0}, build {1}.{2}' -f $key.GetValue('ProductName'), $build, $key.GetValue('UBR')
    if ($build -lt 14393 -or -not [Environment]::Is64BitOperatingSystem) {
        return New-Result 'fail' "$words; Vigia needs Windows 10 1607 or Server 2016, 64 bit"
    }
    if (-not [Environment]::Is64BitProcess) {
        return New-Result 'fail' "$words; this is the 32-bit PowerShell, which sees other folders: start the other one"
    }
    New-Result 'ok' $words
}

function Test-Registry([string]$Path, [string]$View) {
    $key = Get-RegistryKey $Path $View
    if ($null -eq $key) {
        return New-Result 'skip' 'it is not there'
    }
    New-Result 'ok' ('{0} values, {1} keys' -f $key.ValueCount, $key.SubKeyCount)
}

function Test-Channel([string]$Name) {
    $spaces = 'System.Diagnostics.Eventing.Reader'
    try {
        $settings = New-Object "$spaces.EventLogConfiguration" $Name
    } catch {
        return New-Result 'skip' 'this machine has no such channel'
    }
    if (-not $settings.IsEnabled) {
        return New-Result 'warn' 'it is off: nothing is written there'
    }
    $query = New-Object "$spaces.EventLogQuery" $Name, ([Diagnostics.Eventing.Reader.PathType]::LogName)
    $query.ReverseDirection = $true
    $reader = New-Object "$spaces.EventLogReader" $query
    $watcher = New-Object "$spaces.EventLogWatcher" $query
    try {
        $record = $reader.ReadEvent()
        $watcher.Enabled = $true
        $watcher.Enabled = $false
        if ($null -eq $record) {
            return New-Result 'ok' 'it is empty; a subscription is taken'
        }
        $n = $record.ToXml().Length
        New-Result 'ok' ('the last is event {0}, {1} characters; it has a bookmark: {2}; a subscription is taken' -f
            $record.Id, $n, ($null -ne $record.Bookmark))
    } finally {
        $watcher.Dispose()
        $reader.Dispose()
    }
}

function Test-Notifications([string]$Folder) {
    $watcher = New-Object IO.FileSystemWatcher $Folder
    try {
        $watcher.IncludeSubdirectories = $true
        $watcher.InternalBufferSize = 65536
        $watcher.EnableRaisingEvents = $true
        $watcher.EnableRaisingEvents = $false
        New-Result 'ok' 'changes below it are told'
    } finally {
        $watcher.Dispose()
    }
}

function Test-Journal([string]$Drive) {
    $said = & fsutil.exe usn queryjournal $Drive | Out-String
    if ($LASTEXITCODE -ne 0) {
        return New-Result 'warn' "no journal: what changes while the agent is off is found by scans alone; $said"
    }
    New-Result 'ok' $said
}

function Test-HardLink([string]$Path) {
    $names = @(& fsutil.exe hardlink list $Path)
    if ($LASTEXITCODE -ne 0) {
        return New-Result 'warn' "its names cannot be asked for: $names"
    }
    $stored = @($names | Where-Object { $_ -like '*\WinSxS\*' })
    if ($stored.Count -eq 0) {
        return New-Result 'warn' 'it has no name in the component store: updates will be told file by file'
    }
    New-Result 'ok' ('{0} names, in the component store {1}' -f $names.Count, $stored[0])
}

function Test-Signature([string]$Path) {
    $said = Get-AuthenticodeSignature -LiteralPath $Path
    $by = 'nobody'
    if ($null -ne $said.SignerCertificate) {
        $by = $said.SignerCertificate.Subject
    }
    $words = '{0}, by {1}' -f $said.Status, $by
    if ($said.Status -eq 'Valid') {
        return New-Result 'ok' $words
    }
    if ($said.Status -eq 'NotSigned') {
        return New-Result 'warn' $words
    }
    New-Result 'fail' "$words; $($said.StatusMessage)"
}

function Test-UpdateSearch {
    $said = Invoke-Bounded {
        $session = New-Object -ComObject Microsoft.Update.Session
        $searcher = $session.CreateUpdateSearcher()
        $searcher.Online = $false
        $found = $searcher.Search('IsInstalled=0 and IsHidden=0')
        '{0} pending, history of {1} entries, result code {2}' -f
            $found.Updates.Count, $searcher.GetTotalHistoryCount(), $found.ResultCode
    }
    New-Result 'ok' ($said | Out-String)
}

function Test-Hotfixes {
    $all = @(Get-CimInstance -ClassName Win32_QuickFixEngineering)
    if ($all.Count -eq 0) {
        return New-Result 'warn' 'none is listed'
    }
    New-Result 'ok' ('{0}, one of them {1}' -f $all.Count, $all[-1].HotFixID)
}

function Test-Defender {
    try {
        $state = Get-CimInstance -Namespace 'root/Microsoft/Windows/Defender' -ClassName MSFT_MpComputerStatus
    } catch {
        return New-Result 'skip' "Defender does not answer: $($_.Exception.Message)"
    }
    New-Result 'ok' ('real-time protection: {0}, signatures {1} days old' -f
        $state.RealTimeProtectionEnabled, $state.AntivirusSignatureAge)
}

function Test-AuditPolicy {
    $rows = @(& auditpol.exe /get '/category:*' /r | Where-Object { $_ -match '\{0CCE92' })
    if ($LASTEXITCODE -ne 0 -or $rows.Count -eq 0) {
        return New-Result 'fail' 'auditpol gives no subcategories'
    }
    New-Result 'ok' "$($rows.Count) subcategories"
}

function Test-Dpapi {
    Add-Type -AssemblyName System.Security
    $secret = [Text.Encoding]::ASCII.GetBytes('self-test')
    $wrapped = [Security.Cryptography.ProtectedData]::Protect($secret, $null, 'LocalMachine')
    $again = [Security.Cryptography.ProtectedData]::Unprotect($wrapped, $null, 'LocalMachine')
    if ([Text.Encoding]::ASCII.GetString($again) -ne 'self-test') {
        return New-Result 'fail' 'what was wrapped does not come back'
    }
    New-Result 'ok' "$($wrapped.Length) bytes, in memory only"
}

# ---- Vigia ------------------------------------------------------------------------------------------------

# Of commands whose exit code 1 says that something wants a look.
function Get-Verdict($said) {
    $words = "exit code $($said.Code): $($said.Output) $($said.Errors)"
    switch ($said.Code) {
        0 { return New-Result 'ok' $said.Output }
        1 { return New-Result 'warn' $words }
        default { return New-Result 'fail' $words }
    }
}

function Test-Version {
    $said = Invoke-Vigia @('--version')
    if ($said.Code -ne 0) {
        return New-Result 'fail' "exit code $($said.Code): $($said.Errors)"
    }
    New-Result 'ok' $said.Output
}

function Test-Check {
    $said = Invoke-Vigia @('check', '--config', "`"$Config`"")
    Get-Verdict $said
}

function Test-HostChecks {
    $said = Invoke-Vigia @('check', '--host', '--json', '--config', "`"$Config`"")
    $all = $said.Output | ConvertFrom-Json
    $words = '{0} pass, {1} fail, {2} unknown, {3} do not apply, {4} off' -f
        $all.pass, $all.fail, $all.unknown, $all.not_applicable, $all.off
    if (@($all.checks).Count -eq 0 -or $all.off -gt 0) {
        return New-Result 'fail' "$words; $($said.Errors)"
    }
    $unknown = @($all.checks | Where-Object { $_.status -eq 'Unknown' } | ForEach-Object { $_.id })
    if ($unknown.Count -gt 0) {
        return New-Result 'warn' "$words; unknown: $($unknown -join ' ')"
    }
    New-Result 'ok' $words
}

function Test-Status {
    $said = Invoke-Vigia @('status', '--config', "`"$Config`"")
    Get-Verdict $said
}

function Test-Folders {
    $said = Invoke-Vigia @('check', '--folders')
    if ($said.Code -ne 0) {
        return New-Result 'fail' "exit code $($said.Code): $($said.Output) $($said.Errors)"
    }
    New-Result 'ok' "they are nobody else's $($said.Output)"
}

function Test-Updates {
    $said = Invoke-Vigia @('updates')
    $lines = @($said.Output -split "`n" | Where-Object { $_.Trim() })
    $words = "exit code $($said.Code), $($lines.Count) lines; $($said.Errors)"
    switch ($said.Code) {
        0 { return New-Result 'ok' $words }
        1 { return New-Result 'warn' $words }
        default { return New-Result 'fail' $words }
    }
}

# Mutual TLS as the program itself speaks it: what ship says of its last delivery.
function Test-Delivery {
    $all = (Invoke-Vigia @('status', '--json', '--config', "`"$Config`"")).Output | ConvertFrom-Json
    if (-not $all.ship.running) {
        return New-Result 'fail' 'ship does not run'
    }
    $ship = $all.ship.status
    $names = @($ship.PSObject.Properties | ForEach-Object { $_.Name })
    if (($names -contains 'error') -and $ship.error) {
        return New-Result 'fail' $ship.error
    }
    if (-not ($names -contains 'last_delivery') -or -not $ship.last_delivery) {
        return New-Result 'warn' 'nothing was delivered yet'
    }
    $at = ([DateTime]'1970-01-01').AddMilliseconds($ship.last_delivery)
    New-Result 'ok' ('the last was {0:0} s ago' -f ([DateTime]::UtcNow - $at).TotalSeconds)
}

# How far TLS comes without this host's certificate: name, port, what the center shows.
function Test-Handshake {
    $file = Join-Path $Data 'pki\center.url'
    if (-not (Test-Path -LiteralPath $file)) {
        return New-Result 'skip' 'this host is not enrolled'
    }
    $url = [Uri]((Get-Content -LiteralPath $file | Select-Object -First 1).Trim())
    $client = New-Object Net.Sockets.TcpClient
    $stream = $null
    try {
        if (-not $client.ConnectAsync($url.Host, $url.Port).Wait(10000)) {
            throw "no connection to $($url.Host):$($url.Port) within 10 s"
        }
        # any certificate will do here: the program itself checks it against the CA that it was given
        $accept = [Net.Security.RemoteCertificateValidationCallback] { $true }
        $stream = [Net.Security.SslStream]::new($client.GetStream(), $false, $accept)
        $stream.ReadTimeout = 10000
        $stream.WriteTimeout = 10000
        $none = New-Object Security.Cryptography.X509Certificates.X509CertificateCollection
        $stream.AuthenticateAsClient($url.Host, $none, [Security.Authentication.SslProtocols]::Tls12, $false)
        New-Result 'ok' ('{0}, {1} until {2}' -f
            $stream.SslProtocol, $stream.RemoteCertificate.Subject, $stream.RemoteCertificate.GetExpirationDateString())
    } finally {
        if ($null -ne $stream) { $stream.Dispose() }
        $client.Close()
    }
}

function Test-Service([string]$Name) {
    $service = Get-CimInstance -ClassName Win32_Service -Filter "Name='$Name'"
    if ($null -eq $service) {
        return New-Result 'fail' 'it is not installed'
    }
    # SERVICE_SID_TYPE: 1 unrestricted, 3 write-restricted; both stand where the service manager keeps them
    $wanted = @{ VigiaCollect = 1; VigiaShip = 3 }[$Name]
    $key = Get-RegistryKey "SYSTEM\CurrentControlSet\Services\$Name" 'Registry64'
    $kind = [int]$key.GetValue('ServiceSidType', 0)
    $actions = $key.GetValue('FailureActions')
    $restarts = 0
    if ($null -ne $actions -and $actions.Length -ge 16) { $restarts = [BitConverter]::ToInt32($actions, 12) }
    $words = '{0}, start {1}, as {2}, SID type {3}, {4} actions after a failure' -f
        $service.State, $service.StartMode, $service.StartName, $kind, $restarts
    if ($service.State -ne 'Running' -or $kind -ne $wanted) {
        return New-Result 'fail' "$words; wanted: Running, SID type $wanted"
    }
    if ($service.StartMode -ne 'Auto' -or $restarts -eq 0) {
        return New-Result 'warn' $words
    }
    New-Result 'ok' $words
}

function Test-Process {
    $all = @(Get-Process -Name vigia -ErrorAction SilentlyContinue)
    if ($all.Count -eq 0) {
        return New-Result 'fail' 'no vigia.exe runs'
    }
    [Diagnostics.Process]::EnterDebugMode()     # of this PowerShell alone: the service's libraries are listed
    $own = @((Join-Path $env:windir 'System32'), (Join-Path $env:windir 'WinSxS'), (Split-Path $Program))
    $foreign = @($all | ForEach-Object { $_.Modules } | ForEach-Object { $_.FileName } | Where-Object {
            $path = $_
            @($own | Where-Object { $path -like "$_\*" }).Count -eq 0
        } | Sort-Object -Unique)
    $bytes = ($all | Measure-Object -Property PrivateMemorySize64 -Maximum).Maximum
    $words = '{0} processes, at most {1:0.0} MB private' -f $all.Count, ($bytes / $MegaByte)
    if ($foreign.Count -gt 0) {
        return New-Result 'fail' "$words; libraries from elsewhere: $($foreign -join ', ')"
    }
    if ($bytes -gt $PrivateBytesMax) {
        return New-Result 'warn' "$words; more than 8 MB"
    }
    New-Result 'ok' "$words; all libraries are Windows' own"
}

# Rights by SID, for names are written in the machine's language. S-1-5-80-: services' own.
function Test-Rights([string]$Folder, [bool]$Private) {
    if (-not (Test-Path -LiteralPath $Folder)) {
        return New-Result 'fail' 'it is not there'
    }
    $item = Get-Item -LiteralPath $Folder -Force
    if ($item.Attributes -band [IO.FileAttributes]::ReparsePoint) {
        return New-Result 'fail' 'it is a reparse point'
    }
    $sid = [Security.Principal.SecurityIdentifier]
    $trusted = '^S-1-5-(18|32-544|80-.+)$'
    $access = Get-Acl -LiteralPath $Folder
    $owner = $access.GetOwner($sid).Value
    $writes = [Security.AccessControl.FileSystemRights](
        'Write, Delete, DeleteSubdirectoriesAndFiles, ChangePermissions, TakeOwnership')
    $faults = @($access.GetAccessRules($true, $true, $sid) | Where-Object {
            $_.AccessControlType -eq 'Allow' -and $_.IdentityReference.Value -notmatch $trusted -and
            ($Private -or ($_.FileSystemRights -band $writes))
        } | ForEach-Object { '{0}: {1}' -f $_.IdentityReference.Value, $_.FileSystemRights })
    if ($owner -notmatch $trusted) {
        $faults += "it belongs to $owner"
    }
    if (-not $access.AreAccessRulesProtected) {
        $faults += 'it inherits rights'
    }
    if ($faults.Count -gt 0) {
        return New-Result 'fail' ($faults -join '; ')
    }
    New-Result 'ok' ('belongs to {0}, {1} rules, none inherited' -f $owner, @($access.Access).Count)
}

function Test-Firewall {
    $policy = New-Object -ComObject HNetCfg.FwPolicy2
    $rules = @($policy.Rules | Where-Object { $_.serviceName -eq 'VigiaCollect' -and $_.Action -eq 0 -and $_.Enabled })
    if ($rules.Count -eq 0) {
        return New-Result 'warn' 'no rule keeps VigiaCollect off the network'
    }
    New-Result 'ok' (@($rules | ForEach-Object { $_.Name }) -join ', ')
}

# ---- all of it --------------------------------------------------------------------------------------------

$Channels = @('Security', 'System', 'Application', 'Microsoft-Windows-PowerShell/Operational',
    'Microsoft-Windows-Windows Defender/Operational', 'Microsoft-Windows-TaskScheduler/Operational',
    'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
    'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational',
    'Microsoft-Windows-WMI-Activity/Operational', 'Microsoft-Windows-Sysmon/Operational')

$Keys = @('SOFTWARE\Microsoft\Windows\CurrentVersion\Run', 'SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnce',
    'SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall', 'SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon',
    'SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options',
    'SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree',
    'SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages',
    'SYSTEM\CurrentControlSet\Services', 'SYSTEM\CurrentControlSet\Control\Lsa',
    'SYSTEM\CurrentControlSet\Control\SecureBoot\State', 'SYSTEM\CurrentControlSet\Control\BitLockerStatus')

$Folders = @(
    @($Data, $false), @((Join-Path $Data 'pki'), $true), @((Join-Path $Data 'state'), $true),
    @((Join-Path $Data 'outbox'), $true), @((Join-Path $Data 'inbox'), $true),
    @((Join-Path $Data 'requests'), $true), @((Join-Path $Data 'run'), $false), @((Split-Path $Program), $false))

function Invoke-AllTests {
    Invoke-Test 'Windows' 'registry' { Test-Windows }
    Invoke-Test 'vigia.exe' 'process' { Test-Version }
    Invoke-Test 'configuration' 'vigia check' { Test-Check }
    Invoke-Test 'host checks' 'vigia check --host' { Test-HostChecks }
    Invoke-Test 'folders' 'vigia check --folders' { Test-Folders }
    Invoke-Test 'status' 'vigia status' { Test-Status }
    Invoke-Test 'delivery' 'vigia status' { Test-Delivery }
    Invoke-Test 'TLS to the center' 'sockets' { Test-Handshake }
    foreach ($service in $Services) {
        Invoke-Test "service $service" 'service control manager' { Test-Service $service }
    }
    Invoke-Test 'processes' 'libraries, memory' { Test-Process }
    foreach ($folder in $Folders) {
        Invoke-Test "rights of $($folder[0])" 'access lists' { Test-Rights $folder[0] $folder[1] }
    }
    Invoke-Test 'firewall' 'HNetCfg.FwPolicy2' { Test-Firewall }
    foreach ($path in @($Program, (Join-Path $env:windir 'System32\ntdll.dll'),
            (Join-Path $env:windir 'System32\drivers\tcpip.sys'))) {
        Invoke-Test "signature of $path" 'WinVerifyTrust, catalogs' { Test-Signature $path }
    }
    Invoke-Test 'names of ntdll.dll' 'hard links' { Test-HardLink (Join-Path $env:windir 'System32\ntdll.dll') }
    foreach ($channel in $Channels) {
        Invoke-Test "channel $channel" 'wevtapi' { Test-Channel $channel }
    }
    foreach ($path in $Keys) {
        Invoke-Test "key HKLM\$path" 'registry, 64 bit' { Test-Registry $path 'Registry64' }
    }
    Invoke-Test 'key HKLM\SOFTWARE\WOW6432Node' 'registry, 32 bit' { Test-Registry 'SOFTWARE' 'Registry32' }
    Invoke-Test 'changes of drivers' 'ReadDirectoryChangesW' {
        Test-Notifications (Join-Path $env:windir 'System32\drivers')
    }
    Invoke-Test "journal of $env:SystemDrive" 'FSCTL_QUERY_USN_JOURNAL' { Test-Journal $env:SystemDrive }
    Invoke-Test 'updates as Vigia tells them' 'vigia updates' { Test-Updates }
    Invoke-Test 'pending updates' 'Windows Update agent, offline' { Test-UpdateSearch }
    Invoke-Test 'installed updates' 'Win32_QuickFixEngineering' { Test-Hotfixes }
    Invoke-Test 'Defender' 'MSFT_MpComputerStatus' { Test-Defender }
    Invoke-Test 'audit policy' 'auditpol' { Test-AuditPolicy }
    Invoke-Test 'wrapping of the key' 'DPAPI' { Test-Dpapi }
}

$who = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $who.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    [Console]::Error.WriteLine('self-test: start it as an administrator; much cannot be read otherwise')
    exit 2
}

Invoke-AllTests

$failed = @($Tests | Where-Object { $_.result -eq 'fail' }).Count
$code = [int]($failed -gt 0)
$counts = @{}
foreach ($word in @('ok', 'warn', 'fail', 'skip')) {
    $counts[$word] = @($Tests | Where-Object { $_.result -eq $word }).Count
}
if ($Json) {
    $rows = @($Tests | Select-Object -Property 'test', 'uses', 'result', 'ms', 'detail')
    ConvertTo-Json -Depth 4 (New-Object PSObject -Property @{
            computer = $env:COMPUTERNAME; time = [DateTime]::UtcNow.ToString('s') + 'Z'; program = $Program
            powershell = $PSVersionTable.PSVersion.ToString(); tests = $rows; counts = $counts; exit_code = $code
        })
} else {
    Write-Host ('{0} ok, {1} warn, {2} fail, {3} skip' -f
        $counts['ok'], $counts['warn'], $counts['fail'], $counts['skip'])
}
exit $code
