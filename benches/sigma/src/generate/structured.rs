//! Windows events as a log shipper sends them: nested, with metadata of its own and the message
//! rendered for people. Most field names of public rules are one level too deep here, so this lane
//! shows what an engine pays for events that its rules hardly know.

use serde_json::{Value, json};

use super::{Drawn, Random, windows};

pub(super) fn event(random: &mut Random, notable: bool) -> Drawn {
    let Drawn { body, source } = windows::event(random, notable);
    let text = |key: &str| body.get(key).cloned().unwrap_or(Value::Null);
    let message = message(&body);
    let nested = json!({
        "@timestamp": text("TimeCreated"),
        "message": message,
        "ecs": { "version": "8.17.0" },
        "event": {
            "code": text("EventID").to_string(),
            "kind": "event",
            "provider": text("Provider_Name"),
            "action": "logged",
            "created": random.time(),
        },
        "host": {
            "name": text("Computer"),
            "hostname": text("Computer"),
            "id": random.guid(),
            "ip": [random.address(), "fe80::8c4:7a1f:22d0:91ce"],
            "mac": ["00-50-56-A1-7C-33"],
            "os": { "name": "Windows Server 2022 Datacenter", "version": "10.0", "family": "windows",
                    "build": "20348.2340", "kernel": "10.0.20348.2340", "platform": "windows" },
        },
        "agent": { "type": "winlogbeat", "version": "8.17.0", "id": random.guid(),
                   "ephemeral_id": random.guid() },
        "log": { "level": "information" },
        "winlog": {
            "api": "wineventlog",
            "channel": text("Channel"),
            "computer_name": text("Computer"),
            "event_id": text("EventID").to_string(),
            "record_id": text("EventRecordID"),
            "provider_name": text("Provider_Name"),
            "provider_guid": format!("{{{}}}", random.guid()),
            "opcode": "Info",
            "keywords": ["Audit Success"],
            "process": { "pid": random.below(9000), "thread": { "id": random.below(9000) } },
            "version": 2,
            "event_data": body,
        },
    });
    Drawn {
        body: nested,
        source,
    }
}

/// The message as the event viewer shows it: every field on a line.
fn message(body: &Value) -> String {
    let mut text = "An operation was recorded.\r\n\r\nDetails:\r\n".to_owned();
    for (name, value) in body.as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!("\t{name}:\t\t{value}\r\n"));
    }
    text.push_str(
        "\r\nThis event is generated when a policy asks for it. The subject fields \
                   indicate the account on the local system which requested the operation.",
    );
    text
}
