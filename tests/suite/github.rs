//! Deliveries of GitHub, as many as wanted.

use serde_json::json;

/// A merged pull request, as the id of its delivery and its body. Every fourth is merged by its author,
/// which raises an alert.
pub(crate) fn delivery(number: usize) -> (String, Vec<u8>) {
    let id = format!("72d3162e-cc78-11e3-81ab-{number:012x}");
    let merger = if number.is_multiple_of(4) {
        "dana"
    } else {
        "mona"
    };
    let user = |login: &str| json!({"login": login, "id": login.len(), "type": "User"});
    let minute = number / 60;
    let second = number % 60;
    let time = format!("2026-11-12T09:{minute:02}:{second:02}Z");
    let repository = json!({
        "id": 7, "name": "checkout", "full_name": "acme/checkout",
        "owner": {"login": "acme"}, "html_url": "https://github.com/acme/checkout",
    });
    let body = json!({
        "action": "closed",
        "number": number,
        "pull_request": {
            "id": number, "number": number, "state": "closed", "title": "A change",
            "html_url": format!("https://github.com/acme/checkout/pull/{number}"),
            "user": user("dana"), "merged": true, "merged_by": user(merger),
            "merged_at": time, "closed_at": time, "updated_at": time, "created_at": time,
            "labels": [{"name": "agent"}],
            "head": {"ref": "claude/change", "sha": format!("{number:040x}")},
            "base": {"ref": "main", "sha": "0".repeat(40)},
        },
        "repository": repository,
        "sender": user(merger),
    });
    (id, body.to_string().into_bytes())
}
