//! Windows events as a collector flattens them: process creation, Security, PowerShell, services.

use serde_json::{Value, json};

use super::pools::{
    BAD_PARENTS, BAD_SCRIPTS, HOSTS, INTRUSIONS, PARENTS, PROGRAMS, Program, SCRIPT, USERS,
};
use super::{Drawn, LogSource, Random};

pub(super) fn event(random: &mut Random, notable: bool) -> Drawn {
    match random.below(100) {
        0..45 => process(random, notable),
        45..65 => logon(random, notable),
        65..80 => object_access(random, notable),
        80..92 => script_block(random, notable),
        92..97 => firewall(random),
        _ => service(random, notable),
    }
}

/// The program that an event tells of.
pub(super) fn program(random: &mut Random, notable: bool) -> &'static Program {
    random.pick(if notable { INTRUSIONS } else { PROGRAMS })
}

/// The image of its parent.
pub(super) fn parent(random: &mut Random, notable: bool) -> &'static str {
    random.pick(if notable { BAD_PARENTS } else { PARENTS })
}

fn process(random: &mut Random, notable: bool) -> Drawn {
    let (image, command_line, original, description, company) = program(random, notable);
    let body = json!({
        "EventID": 4688,
        "Channel": "Security",
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "Computer": random.pick(HOSTS),
        "TimeCreated": random.time(),
        "EventRecordID": random.below(90_000_000),
        "SubjectUserName": random.pick(USERS),
        "SubjectDomainName": "CORP",
        "SubjectLogonId": format!("0x{}", random.hex(6)),
        "Image": image,
        "NewProcessName": image,
        "NewProcessId": format!("0x{}", random.hex(4)),
        "OriginalFileName": original,
        "Description": description,
        "Company": company,
        "CommandLine": command_line,
        "ParentImage": parent(random, notable),
        "TokenElevationType": "%%1936",
        "MandatoryLabel": "S-1-16-8192",
    });
    Drawn {
        body,
        source: LogSource::category("windows", "process_creation"),
    }
}

fn logon(random: &mut Random, notable: bool) -> Drawn {
    let failed = notable || random.one_in(9);
    let body = json!({
        "EventID": if failed { 4625 } else { 4624 },
        "Channel": "Security",
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "Computer": random.pick(HOSTS),
        "TimeCreated": random.time(),
        "EventRecordID": random.below(90_000_000),
        "SubjectUserName": "-",
        "SubjectUserSid": "S-1-0-0",
        "TargetUserName": random.pick(USERS),
        "TargetDomainName": "CORP",
        "LogonType": random.pick(&[&2, &3, &5, &10]),
        "LogonProcessName": if notable { "NtLmSsp" } else { "Kerberos" },
        "AuthenticationPackageName": if notable { "NTLM" } else { "Kerberos" },
        "WorkstationName": if notable { "KALI" } else { "-" },
        "IpAddress": random.address(),
        "IpPort": random.below(65_535),
        "KeyLength": if notable { 0 } else { 128 },
        "Status": if failed { "0xc000006d" } else { "0x0" },
        "SubStatus": if failed { "0xc000006a" } else { "0x0" },
        "ProcessName": r"C:\Windows\System32\svchost.exe",
    });
    Drawn {
        body,
        source: LogSource::service("windows", "security"),
    }
}

fn object_access(random: &mut Random, notable: bool) -> Drawn {
    let (image, ..) = program(random, notable);
    let object = if notable {
        r"\REGISTRY\MACHINE\SYSTEM\ControlSet001\Control\Lsa\JD".to_owned()
    } else {
        format!(
            r"D:\Shares\Projects\{}\plan-{}.docx",
            random.hex(4),
            random.below(400)
        )
    };
    let body = json!({
        "EventID": if notable { 4656 } else { 4663 },
        "Channel": "Security",
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "Computer": random.pick(HOSTS),
        "TimeCreated": random.time(),
        "EventRecordID": random.below(90_000_000),
        "SubjectUserName": random.pick(USERS),
        "SubjectDomainName": "CORP",
        "ObjectServer": "Security",
        "ObjectType": if notable { "Key" } else { "File" },
        "ObjectName": object,
        "HandleId": format!("0x{}", random.hex(4)),
        "AccessList": "%%4416",
        "AccessMask": random.pick(&["0x1", "0x2", "0x120089"]),
        "ProcessName": image,
    });
    Drawn {
        body,
        source: LogSource::service("windows", "security"),
    }
}

fn script_block(random: &mut Random, notable: bool) -> Drawn {
    let text = if notable {
        random.pick(BAD_SCRIPTS).to_owned()
    } else {
        SCRIPT.repeat(1 + random.below(3) as usize)
    };
    let body = json!({
        "EventID": 4104,
        "Channel": "Microsoft-Windows-PowerShell/Operational",
        "Provider_Name": "Microsoft-Windows-PowerShell",
        "Computer": random.pick(HOSTS),
        "TimeCreated": random.time(),
        "EventRecordID": random.below(90_000_000),
        "MessageNumber": 1,
        "MessageTotal": 1,
        "ScriptBlockText": text,
        "ScriptBlockId": random.guid(),
        "Path": r"D:\Tools\Reports\disk.ps1",
    });
    Drawn {
        body,
        source: LogSource::category("windows", "ps_script"),
    }
}

fn firewall(random: &mut Random) -> Drawn {
    let (image, ..) = program(random, false);
    let body = json!({
        "EventID": 5156,
        "Channel": "Security",
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "Computer": random.pick(HOSTS),
        "TimeCreated": random.time(),
        "EventRecordID": random.below(90_000_000),
        "ProcessID": random.below(20_000),
        "Application": image.replace("C:", r"\device\harddiskvolume3").to_lowercase(),
        "Direction": "%%14593",
        "SourceAddress": random.address(),
        "SourcePort": random.below(65_535),
        "DestAddress": random.address(),
        "DestPort": random.pick(&[&443, &445, &53, &88, &389]),
        "Protocol": 6,
        "LayerName": "%%14611",
    });
    Drawn {
        body,
        source: LogSource::service("windows", "security"),
    }
}

fn service(random: &mut Random, notable: bool) -> Drawn {
    let (name, path): (&str, Value) = if notable {
        let path = r"%COMSPEC% /C echo powershell -nop -enc ZQBj ^> \\127.0.0.1\ADMIN$\x.bat";
        ("PSEXESVC", path.into())
    } else {
        let path = r"C:\Program Files\Acme Backup\agent.exe";
        ("Acme Backup Agent", path.into())
    };
    let body = json!({
        "EventID": 7045,
        "Channel": "System",
        "Provider_Name": "Service Control Manager",
        "Computer": random.pick(HOSTS),
        "TimeCreated": random.time(),
        "EventRecordID": random.below(90_000_000),
        "ServiceName": name,
        "ImagePath": path,
        "ServiceType": "user mode service",
        "StartType": "demand start",
        "AccountName": "LocalSystem",
    });
    Drawn {
        body,
        source: LogSource::service("windows", "system"),
    }
}
