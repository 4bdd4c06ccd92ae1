//! Sysmon events under Sysmon's own field names.

use serde_json::{Value, json};

use super::pools::{HOSTS, USERS};
use super::windows::{parent, program};
use super::{Drawn, LogSource, Random};

const FILES: &[&str] = &[
    r"C:\Users\alice.meyer\AppData\Local\Google\Chrome\User Data\Default\Cache\Cache_Data\f_0012ab",
    r"C:\Users\b.okafor\AppData\Local\Temp\~DF1A2B3C4D5E6F.TMP",
    r"C:\Windows\Prefetch\CHROME.EXE-A1B2C3D4.pf",
    r"C:\ProgramData\Microsoft\Windows Defender\Scans\History\Store\9F3A",
    r"C:\src\portal\dist\assets\index-D9x2.js",
    r"C:\Windows\SoftwareDistribution\Download\7b1c\update.cab",
];
const BAD_FILES: &[&str] = &[
    r"C:\Windows\Temp\lsass.dmp",
    r"C:\Users\alice.meyer\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\updater.vbs",
    r"C:\Users\Public\mimikatz.exe",
    r"C:\inetpub\wwwroot\aspnet_client\shell.aspx",
    r"C:\Windows\System32\Tasks\Updater\psexesvc.exe",
];
const MODULES: &[&str] = &[
    r"C:\Windows\System32\ntdll.dll",
    r"C:\Windows\System32\kernel32.dll",
    r"C:\Windows\System32\crypt32.dll",
    r"C:\Windows\WinSxS\amd64_microsoft.windows.common-controls_6595b64144ccf1df\comctl32.dll",
];
const BAD_MODULES: &[&str] = &[
    r"C:\Users\Public\version.dll",
    r"C:\Windows\System32\dbghelp.dll",
    r"C:\ProgramData\wbemcomn.dll",
];
const DOMAINS: &[&str] = &[
    "www.google.com",
    "outlook.office365.com",
    "telemetry.example.com",
    "registry.npmjs.org",
    "dc01.corp.example.com",
];
const BAD_DOMAINS: &[&str] = &[
    "a1b2c3.ngrok.io",
    "paste.onion.ly",
    "aaa.stage.123456.beacon.example.net",
    "api.telegram.org",
];

pub(super) fn event(random: &mut Random, notable: bool) -> Drawn {
    match random.below(100) {
        0..35 => file(random, notable),
        35..60 => process(random, notable),
        60..75 => module(random, notable),
        75..85 => connection(random, notable),
        85..93 => registry(random, notable),
        _ => dns(random, notable),
    }
}

/// The fields that all have, and those of one kind.
fn drawn(random: &mut Random, id: u16, category: &'static str, own: Value) -> Drawn {
    let mut body = json!({
        "EventID": id,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": random.pick(HOSTS),
        "UtcTime": random.time(),
        "ProcessGuid": format!("{{{}}}", random.guid()),
        "ProcessId": random.below(30_000),
        "User": format!(r"CORP\{}", random.pick(USERS)),
        "RuleName": "-",
    });
    if let (Value::Object(body), Value::Object(own)) = (&mut body, own) {
        body.extend(own);
    }
    let source = LogSource {
        product: "windows",
        service: "sysmon",
        category,
    };
    Drawn { body, source }
}

fn file(random: &mut Random, notable: bool) -> Drawn {
    let (image, ..) = program(random, notable);
    let own = json!({
        "Image": image,
        "TargetFilename": random.pick(if notable { BAD_FILES } else { FILES }),
        "CreationUtcTime": random.time(),
    });
    drawn(random, 11, "file_event", own)
}

fn process(random: &mut Random, notable: bool) -> Drawn {
    let (image, command_line, original, description, company) = program(random, notable);
    let parent = parent(random, notable);
    let (md5, sha256, imphash) = (random.hex(32), random.hex(64), random.hex(32));
    let own = json!({
        "Image": image,
        "FileVersion": "10.0.22621.1 (WinBuild.160101.0800)",
        "Description": description,
        "Product": "Microsoft Windows Operating System",
        "Company": company,
        "OriginalFileName": original,
        "CommandLine": command_line,
        "CurrentDirectory": r"C:\Windows\system32\",
        "LogonGuid": format!("{{{}}}", random.guid()),
        "LogonId": format!("0x{}", random.hex(5)),
        "TerminalSessionId": 1,
        "IntegrityLevel": random.pick(&["Medium", "High", "System"]),
        "Hashes": format!("MD5={md5},SHA256={sha256},IMPHASH={imphash}").to_uppercase(),
        "ParentImage": parent,
        "ParentProcessId": random.below(30_000),
        "ParentCommandLine": format!("\"{parent}\" /run"),
        "ParentUser": format!(r"CORP\{}", random.pick(USERS)),
    });
    drawn(random, 1, "process_creation", own)
}

fn module(random: &mut Random, notable: bool) -> Drawn {
    let (image, ..) = program(random, notable);
    let hashes = format!("SHA256={}", random.hex(64).to_uppercase());
    let own = json!({
        "Image": image,
        "ImageLoaded": random.pick(if notable { BAD_MODULES } else { MODULES }),
        "FileVersion": "10.0.22621.1 (WinBuild.160101.0800)",
        "Product": "Microsoft Windows Operating System",
        "Company": "Microsoft Corporation",
        "Hashes": hashes,
        "Signed": if notable { "false" } else { "true" },
        "Signature": "Microsoft Windows",
        "SignatureStatus": if notable { "Unavailable" } else { "Valid" },
    });
    drawn(random, 7, "image_load", own)
}

fn connection(random: &mut Random, notable: bool) -> Drawn {
    let (image, ..) = program(random, notable);
    let own = json!({
        "Image": image,
        "Protocol": "tcp",
        "Initiated": "true",
        "SourceIsIpv6": "false",
        "SourceIp": random.address(),
        "SourcePort": random.below(65_535).to_string(),
        "DestinationIsIpv6": "false",
        "DestinationIp": random.address(),
        "DestinationHostname": random.pick(if notable { BAD_DOMAINS } else { DOMAINS }),
        "DestinationPort": random.pick(&["443", "80", "445", "4444", "3389"]),
    });
    drawn(random, 3, "network_connection", own)
}

fn registry(random: &mut Random, notable: bool) -> Drawn {
    let (image, ..) = program(random, notable);
    let (object, details) = if notable {
        (
            r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Updater",
            r"powershell -w hidden C:\Users\Public\u.ps1",
        )
    } else {
        (
            r"HKU\S-1-5-21-1004\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\RecentDocs\.docx\MRUListEx",
            "Binary Data",
        )
    };
    let own = json!({
        "EventType": "SetValue",
        "Image": image,
        "TargetObject": object,
        "Details": details,
    });
    drawn(random, 13, "registry_set", own)
}

fn dns(random: &mut Random, notable: bool) -> Drawn {
    let (image, ..) = program(random, notable);
    let own = json!({
        "Image": image,
        "QueryName": random.pick(if notable { BAD_DOMAINS } else { DOMAINS }),
        "QueryStatus": "0",
        "QueryResults": format!("::ffff:{};", random.address()),
    });
    drawn(random, 22, "dns_query", own)
}
