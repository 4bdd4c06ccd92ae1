//! MITRE ATT&CK tags of a rule as ECS `threat.*`.

use serde_json::json;

use super::tree::Tree;

/// Tag without its prefix, id and name of every enterprise tactic of MITRE ATT&CK.
pub const TACTICS: [(&str, &str, &str); 14] = [
    ("reconnaissance", "TA0043", "Reconnaissance"),
    ("resource-development", "TA0042", "Resource Development"),
    ("initial-access", "TA0001", "Initial Access"),
    ("execution", "TA0002", "Execution"),
    ("persistence", "TA0003", "Persistence"),
    ("privilege-escalation", "TA0004", "Privilege Escalation"),
    ("defense-evasion", "TA0005", "Defense Evasion"),
    ("credential-access", "TA0006", "Credential Access"),
    ("discovery", "TA0007", "Discovery"),
    ("lateral-movement", "TA0008", "Lateral Movement"),
    ("collection", "TA0009", "Collection"),
    ("exfiltration", "TA0010", "Exfiltration"),
    ("command-and-control", "TA0011", "Command and Control"),
    ("impact", "TA0040", "Impact"),
];

/// The tactic of a tag (`attack.initial-access`): its id and name.
pub(crate) fn tactic(tag: &str) -> Option<(&'static str, &'static str)> {
    let name = tag.strip_prefix("attack.")?.replace('_', "-");
    let found = TACTICS.iter().find(|(known, _, _)| *known == name)?;
    Some((found.1, found.2))
}

/// The technique of a tag (`attack.t1078.004`): `T1078` and, for a sub-technique, `T1078.004`.
fn technique(tag: &str) -> Option<(String, Option<String>)> {
    let id = tag.strip_prefix("attack.t")?;
    let (main, sub) = match id.split_once('.') {
        Some((main, sub)) => (main, Some(sub)),
        None => (id, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(main) || !sub.is_none_or(digits) {
        return None;
    }
    Some((format!("T{main}"), sub.map(|sub| format!("T{main}.{sub}"))))
}

pub(super) fn put(tags: &[String], tree: &mut Tree) {
    let tactics: Vec<_> = tags.iter().filter_map(|tag| tactic(tag)).collect();
    let mut techniques: Vec<String> = Vec::new();
    let mut subtechniques: Vec<String> = Vec::new();
    for (main, sub) in tags.iter().filter_map(|tag| technique(tag)) {
        if !techniques.contains(&main) {
            techniques.push(main);
        }
        subtechniques.extend(sub);
    }
    if tactics.is_empty() && techniques.is_empty() {
        return;
    }
    tree.put("threat.framework", "MITRE ATT&CK");
    if !tactics.is_empty() {
        let ids: Vec<_> = tactics.iter().map(|(id, _)| *id).collect();
        let names: Vec<_> = tactics.iter().map(|(_, name)| *name).collect();
        tree.put("threat.tactic.id", json!(ids));
        tree.put("threat.tactic.name", json!(names));
    }
    if !techniques.is_empty() {
        tree.put("threat.technique.id", json!(techniques));
    }
    if !subtechniques.is_empty() {
        tree.put("threat.technique.subtechnique.id", json!(subtechniques));
    }
}
