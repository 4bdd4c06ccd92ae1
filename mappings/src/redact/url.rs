//! Credentials in URLs and behind the name of an authentication scheme.

use super::keyed::value;
use super::scan::{Detector, Finding};
use super::view::View;

/// Schemes that introduce a credential also where nothing says `Authorization`.
pub(super) const SCHEMES: [&str; 3] = ["bearer ", "basic ", "ssws "];

const KNOWN: [&[u8]; 14] = [
    b"basic",
    b"bearer",
    b"token",
    b"digest",
    b"splunk",
    b"apikey",
    b"api-key",
    b"ssws",
    b"negotiate",
    b"geniekey",
    b"key",
    b"aws4-hmac-sha256",
    b"sharedaccesssignature",
    b"dpop",
];
const AUTHORITY_LEN_MAX: usize = 512;

/// True for the name of an authentication scheme.
pub(super) fn is_scheme(word: &[u8]) -> bool {
    KNOWN.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// `scheme://user:password@host`, where `at` is the place of `://`. A long random user is a token
/// (`https://<token>@host`) and goes, too.
pub(super) fn examine(view: View<'_>, at: usize, found: &mut Vec<Finding>) {
    let text = view.text;
    let start = at + 3;
    if at == 0 || !text[at - 1].is_ascii_alphanumeric() {
        return;
    }
    let limit = text.len().min(start + AUTHORITY_LEN_MAX);
    let end = (start..limit).find(|at| ends_authority(view, *at));
    let authority = &text[start..end.unwrap_or(limit)];
    let Some(host) = memchr::memrchr(b'@', authority) else {
        return;
    };
    let userinfo = &authority[..host];
    let colon = memchr::memchr(b':', userinfo);
    let user = &userinfo[..colon.unwrap_or(host)];
    if value::is_random(user) {
        found.push(Finding::new(start, start + user.len(), Detector::Url, true));
    }
    let Some(password) = colon.map(|colon| &userinfo[colon + 1..]) else {
        return;
    };
    if !value::is_placeholder(password) {
        let from = start + user.len() + 1;
        let random = value::is_random(password) && password.len() >= 20;
        found.push(Finding::new(from, start + host, Detector::Url, random));
    }
}

/// A slash that was percent-encoded is a part of a password.
fn ends_authority(view: View<'_>, at: usize) -> bool {
    match view.text[at] {
        b'/' | b'?' | b'#' => !view.is_coded(at),
        byte => byte.is_ascii_whitespace() || b"\"'<>`\\".contains(&byte),
    }
}

/// `Bearer …`, `Basic …` and `SSWS …` wherever they stand.
pub(super) fn examine_scheme(text: &[u8], hit: (usize, usize), found: &mut Vec<Finding>) {
    let (start, end) = hit;
    if start > 0 && text[start - 1].is_ascii_alphanumeric() {
        return;
    }
    let length = text[end..]
        .iter()
        .take(8192)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(byte))
        .count();
    let credential = &text[end..end + length];
    let basic = text[start..end].eq_ignore_ascii_case(b"basic ");
    let convincing = if basic {
        super::encoded::decodes_to_pair(credential)
    } else {
        value::is_random(credential)
    };
    if convincing {
        let trimmed = credential.len() - usize::from(credential.ends_with(b"."));
        let finding = Finding::new(end, end + trimmed, Detector::Authorization, !basic);
        found.push(finding);
    }
}
