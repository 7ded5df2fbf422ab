"""Events of Windows as they come on a busy machine, of 16 kinds in four channels, whose values vary."""

from channels import AUDITING, data

SYSMON, POWERSHELL = "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-PowerShell/Operational"
SHARES = {"Security": 0.70, SYSMON: 0.20, "System": 0.05, POWERSHELL: 0.05}
LAST = "The last of "
PROGRAMS = ["C:\\Windows\\System32\\" + name for name in (
    "svchost.exe -k netsvcs -p -s Schedule", "taskhostw.exe", "backgroundTaskHost.exe -ServerName:App.AppX",
    "conhost.exe 0xffffffff -ForceV1", "wbem\\WmiPrvSE.exe -secured -Embedding", "SearchProtocolHost.exe Global\\Usgthr")]


def security(n):
    who = dict(SubjectUserSid="S-1-5-18", SubjectUserName="PC-1$", SubjectDomainName="EXAMPLE", SubjectLogonId="0x3e7")
    program = PROGRAMS[n % len(PROGRAMS)]
    rows = (
        (4688, dict(who, NewProcessId="0x%x" % (n % 65536), NewProcessName=program.split(" ")[0],
                    TokenElevationType="%%1936", ProcessId="0x2f4", CommandLine=program, TargetUserSid="S-1-0-0",
                    ParentProcessName="C:\\Windows\\System32\\services.exe", MandatoryLabel="S-1-16-16384")),
        (4624, dict(who, TargetUserSid="S-1-5-21-1-2-3-%d" % (1100 + n % 40), TargetUserName="user%d" % (n % 40),
                    TargetDomainName="EXAMPLE", TargetLogonId="0x%x" % n, LogonType="3", LogonProcessName="Kerberos",
                    AuthenticationPackageName="Kerberos", WorkstationName="-", IpPort=str(49152 + n % 9000),
                    IpAddress="10.0.%d.%d" % (n % 8, n % 250), ProcessName="-", ElevatedToken="%%1842")),
        (4634, dict(TargetUserSid="S-1-5-21-1-2-3-%d" % (1100 + n % 40), TargetUserName="user%d" % (n % 40),
                    TargetDomainName="EXAMPLE", TargetLogonId="0x%x" % n, LogonType="3")),
        (4672, dict(who, PrivilegeList="SeSecurityPrivilege\n\t\t\tSeBackupPrivilege\n\t\t\tSeDebugPrivilege".replace("\n", " "))),
        (5156, dict(ProcessID="1234", Application="\\device\\harddiskvolume2\\windows\\system32\\svchost.exe",
                    Direction="%%14593", SourceAddress="10.0.0.5", SourcePort=str(49152 + n % 9000), Protocol="6",
                    DestAddress="10.1.%d.%d" % (n % 3, n % 200), DestPort="443", FilterRTID="66", LayerName="%%14611")),
        (4663, dict(who, ObjectServer="Security", ObjectType="File", ObjectName="C:\\Data\\report-%d.docx" % (n % 500),
                    HandleId="0x%x" % (n % 4096), AccessList="%%4416", AccessMask="0x1", ProcessId="0x9d0",
                    ProcessName="C:\\Program Files\\Office\\winword.exe")))
    return (AUDITING,) + rows[n % len(rows)]


def sysmon(n):
    own = dict(RuleName="-", UtcTime="2026-11-24 10:00:00.000", ProcessGuid="{00000000-0000-0000-0000-%012x}" % n,
               ProcessId=str(n % 65536), User="EXAMPLE\\user%d" % (n % 40))
    rows = ((1, dict(own, Image=PROGRAMS[n % 6].split(" ")[0], CommandLine=PROGRAMS[n % 6], IntegrityLevel="Medium",
                     CurrentDirectory="C:\\Windows\\system32\\", Hashes="SHA256=" + "0123456789ABCDEF" * 4,
                     ParentImage="C:\\Windows\\explorer.exe", ParentCommandLine="C:\\Windows\\Explorer.EXE")),
            (3, dict(own, Image="C:\\Program Files\\Browser\\browser.exe", Protocol="tcp", Initiated="true",
                     SourceIp="10.0.0.5", DestinationIp="10.1.0.%d" % (n % 250), DestinationPort="443")),
            (11, dict(own, Image="C:\\Windows\\explorer.exe", TargetFilename="C:\\Users\\u\\a-%d.tmp" % (n % 900))),
            (22, dict(own, QueryName="host-%d.example.org" % (n % 300), QueryStatus="0", QueryResults="10.1.0.9;")))
    return ("Microsoft-Windows-Sysmon",) + rows[n % len(rows)]


def system(n):
    rows = ((7036, dict(param1="Service %d" % (n % 60), param2="running")), (7040, dict(param1="BITS", param2="auto start")),
            (16, dict(HiveNameLength="60", HiveName="\\??\\C:\\Users\\u%d\\NTUSER.DAT" % (n % 9), KeysUpdated=str(n))))
    return ("Service Control Manager",) + rows[n % len(rows)]


def powershell(n):
    rows = ((4104, dict(MessageNumber="1", MessageTotal="1", ScriptBlockId="%08x" % n, Path="C:\\ops\\job%d.ps1" % (n % 20),
                        ScriptBlockText="Get-ChildItem -Path C:\\Data | Where-Object { $_.Length -gt %d }" % n)),
            (4103, dict(ContextInfo="Severity = Informational Host Name = ConsoleHost", UserData="",
                        Payload="CommandInvocation(Get-ChildItem): \"Get-ChildItem\"")),
            (53504, dict(param1=str(n % 9000), param2="DefaultAppDomain")))
    return ("Microsoft-Windows-PowerShell",) + rows[n % len(rows)]


KINDS = {"Security": security, SYSMON: sysmon, "System": system, POWERSHELL: powershell}


def made_events(channels, events):
    """{channel: its events as text}; so many of all, and the last of each channel is number 9999."""
    made = {}
    for channel, share in SHARES.items():
        rows = (KINDS[channel](n) for n in range(int(events * share) - 1))
        lines = [channels.event(channel, provider, number, data(**values)) for provider, number, values in rows]
        provider = KINDS[channel](0)[0]
        made[channel] = "".join(lines + [channels.event(channel, provider, 9999, data(What=LAST + channel))])
    return made
