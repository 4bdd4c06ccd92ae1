//! Web proxy lines with the field names of W3C logs, and the syslog of network devices.

use serde_json::json;

use super::pools::USERS;
use super::{Drawn, LogSource, Random};

const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0",
    "Microsoft-CryptoAPI/10.0",
    "npm/10.9.2 node/v22.13.1 linux x64 workspaces/false",
];
const BAD_AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.963",
    "Microsoft BITS/7.8",
    "python-requests/2.32.3",
    "sqlmap/1.8 (https://sqlmap.org)",
    "certutil",
];
const SITES: &[(&str, &str)] = &[
    ("www.google.com", "/complete/search"),
    (
        "teams.microsoft.com",
        "/api/mt/part/emea-02/beta/users/fetchShortProfile",
    ),
    ("registry.npmjs.org", "/react-dom/-/react-dom-19.0.0.tgz"),
    ("cdn.example.net", "/assets/2026/03/bundle.min.js"),
];
const BAD_SITES: &[(&str, &str)] = &[
    ("raw.githubusercontent.com", "/x/y/main/payload.ps1"),
    ("pastebin.com", "/raw/Ab3dE9"),
    ("203.0.113.9", "/submit.php?id=19283"),
    ("update.example.top", "/win32calc.exe"),
];

pub(super) fn event(random: &mut Random, notable: bool) -> Drawn {
    if random.one_in(2) {
        web(random, notable)
    } else {
        device(random, notable)
    }
}

fn web(random: &mut Random, notable: bool) -> Drawn {
    let sites = if notable { BAD_SITES } else { SITES };
    let (host, path) = sites[random.below(sites.len() as u64) as usize];
    let query = format!("q={}&hl=en", random.hex(12));
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let body = json!({
        "date": random.time(),
        "time-taken": random.below(4000),
        "c-ip": random.address(),
        "cs-username": random.pick(USERS),
        "cs-method": random.pick(&["GET", "GET", "GET", "POST", "CONNECT"]),
        "cs-host": host,
        "c-uri": format!("https://{host}{path}?{query}"),
        "cs-uri": format!("{path}?{query}"),
        "c-uri-query": query,
        "c-uri-extension": extension,
        "c-useragent": random.pick(if notable { BAD_AGENTS } else { AGENTS }),
        "sc-status": random.pick(&[&200, &200, &302, &304, &403, &404]),
        "sc-bytes": random.below(900_000),
        "cs-bytes": random.below(9_000),
        "dst_ip": random.address(),
        "s-action": "TCP_NC_MISS",
        "r-dns": host,
    });
    Drawn {
        body,
        source: LogSource::category("", "proxy"),
    }
}

fn device(random: &mut Random, notable: bool) -> Drawn {
    let user = random.pick(USERS);
    let message = if notable {
        let command = random.pick(&[
            "show running-config",
            "crypto key export rsa CORP pem terminal aes",
            "no logging buffered",
            "username helpdesk privilege 15",
            "archive tar /create flash:x.tar nvram:",
        ]);
        format!("%PARSER-5-CFGLOG_LOGGEDCMD: User:{user}  logged command:{command}")
    } else {
        let (from, port) = (random.address(), random.below(65_535));
        match random.below(3) {
            0 => format!(
                "%SEC-6-IPACCESSLOGP: list EDGE-IN permitted tcp {from}({port}) -> 10.1.4.20(443), 1 packet"
            ),
            1 => format!(
                "%LINEPROTO-5-UPDOWN: Line protocol on Interface GigabitEthernet1/0/{}, changed state to up",
                port % 48
            ),
            _ => format!(
                "%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: {user}] [Source: {from}] [localport: 22] at 07:14:02 UTC"
            ),
        }
    };
    let body = json!({
        "timestamp": random.time(),
        "host": format!("sw-core-{:02}", random.below(24)),
        "facility": "local7",
        "severity": random.below(7),
        "program": "cisco-ios",
        "sequence": random.below(900_000),
        "message": message,
    });
    Drawn {
        body,
        source: LogSource::service("cisco", "aaa"),
    }
}
