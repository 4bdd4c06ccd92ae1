//! Fake secrets, made while the tests run, and the places where agents leave real ones.
//!
//! The formats come from the examples of the rule pack, so a rule cannot be added without being
//! tested here. No secret stands in a source file: what a template says is filled with random
//! characters from a seed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

pub(crate) mod benign;
pub(crate) mod dice;

use dice::Dice;

const ALPHA: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ALNUM: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
const URL: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// Fills a template of the rule pack: `ghp_{alnum:36}`.
pub(crate) fn fill(template: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        out.push_str(&rest[..open]);
        let (kind, size) = rest[open + 1..open + close]
            .split_once(':')
            .unwrap_or((&rest[open + 1..open + close], "0"));
        out.push_str(&part(kind, size, dice));
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    out
}

fn part(kind: &str, size: &str, dice: &mut Dice) -> String {
    let len = size.parse().unwrap_or(0);
    match kind {
        "alnum" => dice.text(ALNUM, len),
        "alpha" => dice.text(ALPHA, len),
        "hex" => dice.text("0123456789abcdef", len),
        "digits" => dice.text("123456789", 1) + &dice.text("0123456789", len - 1),
        "lower" => dice.text("0123456789abcdefghijklmnopqrstuvwxyz", len),
        "upper" => dice.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", len),
        "base32" => dice.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", len),
        "lower32" => dice.text("abcdefghijklmnopqrstuvwxyz234567", len),
        "bech32" => dice.text("023456789ACDEFGHJKLMNPQRSTUVWXYZ", len),
        "base64" => dice.text(BASE64, len),
        // The last character is a letter, so that the secret does not end in punctuation.
        "url" => dice.text(URL, len - 1) + &dice.text(ALNUM, 1),
        "uuid" => [8, 4, 4, 4, 12]
            .map(|n| dice.text("0123456789abcdef", n))
            .join("-"),
        "jwt" => jwt(dice),
        "pem" => pem(size, dice),
        "pem-open" => {
            let key = pem(size, dice);
            key[..key.len() - 200].to_owned()
        }
        other => panic!("unknown placeholder {other}"),
    }
}

fn jwt(dice: &mut Dice) -> String {
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","typ":"JWT"}"#);
    let claims = format!(r#"{{"sub":"{}","iat":1700000000}}"#, dice.text(ALNUM, 20));
    let claims = URL_SAFE_NO_PAD.encode(claims);
    format!("{header}.{claims}.{}", dice.text(ALNUM, 86))
}

fn pem(label: &str, dice: &mut Dice) -> String {
    let lines: Vec<String> = (0..20).map(|_| dice.text(BASE64, 64)).collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----",
        lines.join("\n")
    )
}

/// A credential: its rule or its name, and one fake of it.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) format: String,
    /// The name that it goes by in an environment (`DATADOG_API_KEY`).
    pub(crate) name: String,
    pub(crate) secret: String,
    /// True where the secret is known by its own prefix.
    pub(crate) prefixed: bool,
}

/// Formats without a shape of their own: what names them is all there is.
const NAMED: [(&str, &str); 16] = [
    ("AWS_SECRET_ACCESS_KEY", "{base64:40}"),
    ("AWS_SESSION_TOKEN", "{base64:340}"),
    ("DD_API_KEY", "{hex:32}"),
    ("DD_APPLICATION_KEY", "{hex:40}"),
    ("OKTA_API_TOKEN", "00{url:40}"),
    ("CLOUDFLARE_API_TOKEN", "{alnum:40}"),
    ("MISTRAL_API_KEY", "{alnum:32}"),
    ("COHERE_API_KEY", "{alnum:40}"),
    ("HEROKU_API_KEY", "{uuid}"),
    ("SNYK_TOKEN", "{uuid}"),
    ("SPLUNK_HEC_TOKEN", "{uuid}"),
    ("AZURE_DEVOPS_TOKEN", "{lower32:52}"),
    ("ACCOUNT_KEY", "{base64:86}=="),
    ("DISCORD_TOKEN", "M{alnum:23}.{alnum:6}.{alnum:27}"),
    ("DB_PASSWORD", "{alnum:14}"),
    ("CLIENT_SECRET", "{alnum:32}"),
];

/// One fake of every format: examples of the pack that are a secret by themselves, and [`NAMED`].
pub(crate) fn fakes(seed: u64) -> Vec<Fake> {
    let mut dice = Dice::new(seed);
    let pack: toml::Table = super::pack::TEXT.parse().expect("the pack is TOML");
    let mut fakes = Vec::new();
    for rule in pack["rule"].as_array().expect("rules") {
        let id = rule["id"].as_str().expect("an id");
        for example in rule["examples"].as_array().expect("examples") {
            let example = example.as_str().expect("an example is a string");
            if example.contains("<<") {
                continue;
            }
            fakes.push(Fake {
                format: id.to_owned(),
                name: "SERVICE_TOKEN".to_owned(),
                secret: fill(example, &mut dice),
                prefixed: rule.get("before").is_none() && rule.get("class").is_none(),
            });
        }
    }
    for (name, template) in NAMED {
        fakes.push(Fake {
            format: name.to_lowercase().replace('_', "-"),
            name: name.to_owned(),
            secret: fill(template, &mut dice),
            prefixed: false,
        });
    }
    fakes
}

/// The places in which agents leave secrets.
pub(crate) const CONTEXTS: [&str; 15] = [
    "env", "json", "yaml", "query", "call", "xml", "table", "flag", "header", "url", "prose",
    "ansi", "diff", "base64", "pem",
];

/// A text with the secret in it, as it stands in such a place.
pub(crate) fn place(context: &str, fake: &Fake) -> String {
    let Fake { name, secret, .. } = fake;
    let lower = name.to_lowercase();
    match context {
        "env" => format!("PATH=/usr/bin\nexport {name}={secret}\nHOME=/root\n"),
        "json" => serde_json::json!({"id": 7, &lower: secret, "z": [1]}).to_string(),
        "yaml" => format!("service:\n  {lower}: {secret}\n  port: 80\n"),
        "query" => format!("GET /v1/items?{lower}={}&page=2 HTTP/1.1", percent(secret)),
        "call" => format!("client = connect({lower}=\"{secret}\", retries=3)"),
        "xml" => format!("<config><{lower}>{secret}</{lower}><port>80</port></config>"),
        "table" => format!("| name | value |\n| {name} | {secret} |\n"),
        "flag" => format!(
            "deploy --verbose --{} {secret} --wait",
            lower.replace('_', "-")
        ),
        "header" => format!("> Authorization: Bearer {secret}\n> Accept: */*\n"),
        "url" => format!(
            "git clone https://bot:{}@git.example.com/a/b.git",
            percent(secret)
        ),
        "prose" => format!("I found it: the {name} is {secret} so I will use it."),
        "ansi" => format!("\u{1b}[32m{name}\u{1b}[0m=\u{1b}[1;33m{secret}\u{1b}[0m\n"),
        "diff" => format!("@@ -1,2 +1,2 @@\n-{name}=\n+{name}={secret}\n context\n"),
        "base64" => format!(
            "echo {} | base64 -d",
            STANDARD.encode(format!("{name}={secret}\n"))
        ),
        "pem" => format!(
            "cat key.pem\n{}\n{name}: {secret}\ndone",
            pem("PRIVATE KEY", &mut Dice::new(3))
        ),
        other => panic!("unknown context {other}"),
    }
}

fn percent(secret: &str) -> String {
    secret
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// A text inside `depth` layers of JSON strings.
pub(crate) fn nest(text: &str, depth: usize) -> String {
    (0..depth).fold(text.to_owned(), |inner, level| {
        serde_json::json!({"level": level, "output": inner, "ok": true}).to_string()
    })
}

/// The longest piece of a secret that is still in a text, in characters; a text of any escaping.
pub(crate) fn leaked(text: &[u8], secret: &str) -> usize {
    let (mut flat, mut units) = (Vec::new(), Vec::new());
    super::view::collapse(text, &mut flat, &mut units);
    // What a marker says is no leak, even where a rule is named like its tokens begin.
    let spans: Vec<_> = super::marker::markers(&flat)
        .map(|m| (m.start, m.end))
        .collect();
    for (start, end) in spans.into_iter().rev() {
        flat.splice(start..end, *b"\0");
    }
    let secret = secret.as_bytes();
    let mut longest = 0;
    for start in 0..secret.len() {
        while start + longest < secret.len()
            && memchr::memmem::find(&flat, &secret[start..=start + longest]).is_some()
        {
            longest += 1;
        }
    }
    longest
}
