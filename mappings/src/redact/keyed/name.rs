//! Which names say that a secret follows.
//!
//! A name is split into words (`dbPassword`, `DB_PASSWORD`, `x-api-key`), and its last word decides:
//! `token` names a secret, `tokens`, `token_count` and `token_type` do not.

/// Longer runs of identifier characters are data, not names.
const NAME_LEN_MAX: usize = 80;
const WORDS_MAX: usize = 12;

/// How clearly a name says that its value is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::redact) enum Strength {
    /// A password: any value at all.
    Password,
    /// A token or a key that is certainly secret: a value of some density.
    Secret,
    /// A key of some kind: only a value that is random beyond doubt.
    Weak,
    /// A header whose whole value goes.
    Header,
}

/// An identifier in a text.
#[derive(Debug, Clone, Copy)]
pub(in crate::redact) struct Name {
    /// Where it starts, behind leading dashes.
    pub(in crate::redact) start: usize,
    /// Where it ends.
    pub(in crate::redact) end: usize,
    /// True for `--name` and `-name`.
    pub(in crate::redact) flag: bool,
}

const PASSWORDS: [&[u8]; 9] = [
    b"password",
    b"passwd",
    b"passwort",
    b"pwd",
    b"pswd",
    b"passphrase",
    b"passcode",
    b"userpass",
    b"requirepass",
];
const SECRETS: [&[u8]; 8] = [
    b"secret",
    b"token",
    b"apikey",
    b"credential",
    b"credentials",
    b"creds",
    b"jsessionid",
    b"phpsessid",
];
/// Ends of words that nobody separated: `dbpassword`, `authtoken`.
const ENDINGS: [(&[u8], Strength); 9] = [
    (b"password", Strength::Password),
    (b"passwd", Strength::Password),
    (b"passphrase", Strength::Password),
    (b"secret", Strength::Secret),
    (b"token", Strength::Secret),
    (b"apikey", Strength::Secret),
    (b"accesskey", Strength::Secret),
    (b"secretkey", Strength::Secret),
    (b"privatekey", Strength::Secret),
];
/// Words before `key` that make it a secret.
const KEY_KINDS: [&[u8]; 24] = [
    b"api",
    b"access",
    b"secret",
    b"private",
    b"encryption",
    b"encrypt",
    b"signing",
    b"auth",
    b"account",
    b"shared",
    b"master",
    b"license",
    b"service",
    b"storage",
    b"admin",
    b"app",
    b"application",
    b"client",
    b"consumer",
    b"webhook",
    b"deploy",
    b"subscription",
    b"ingest",
    b"jwt",
];
/// Words that make a name one of something else, wherever they stand.
const OTHERS: [&[u8]; 30] = [
    b"public",
    b"pub",
    b"hashed",
    b"cache",
    b"primary",
    b"foreign",
    b"partition",
    b"sort",
    b"idempotency",
    b"page",
    b"next",
    b"previous",
    b"prev",
    b"sync",
    b"continuation",
    b"cursor",
    b"pagination",
    b"cancel",
    b"cancellation",
    b"max",
    b"min",
    b"num",
    b"count",
    b"per",
    b"eos",
    b"bos",
    b"pad",
    b"unk",
    b"placeholder",
    b"ssh-rsa",
];
/// Last words that say nothing: the word before them decides.
const SUFFIXES: [&[u8]; 16] = [
    b"value",
    b"val",
    b"b64",
    b"base64",
    b"plain",
    b"plaintext",
    b"raw",
    b"str",
    b"string",
    b"prod",
    b"production",
    b"dev",
    b"staging",
    b"test",
    b"live",
    b"hash",
];

/// The identifier around a keyword; for a run that is no name, where it ends.
pub(super) fn around(text: &[u8], hit: (usize, usize)) -> Result<Name, usize> {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let left = text[hit.0.saturating_sub(NAME_LEN_MAX)..hit.0]
        .iter()
        .rev()
        .take_while(|byte| inner(byte))
        .count();
    // `sig=` brings its operator along.
    let stem = hit.1 - usize::from(text[hit.1 - 1] == b'=');
    let right = text[stem..text.len().min(stem + NAME_LEN_MAX)]
        .iter()
        .take_while(|byte| inner(byte))
        .count();
    if left + right >= NAME_LEN_MAX {
        let rest = text[stem..].iter().take_while(|byte| inner(byte)).count();
        return Err(stem + rest);
    }
    let (mut start, mut end) = (hit.0 - left, stem + right);
    while matches!(text[end - 1], b'.' | b'-') && end > stem {
        end -= 1;
    }
    let dashes = text[start..end].iter().take_while(|b| **b == b'-').count();
    start += dashes;
    let flag = (1..=2).contains(&dashes);
    Ok(Name { start, end, flag })
}

impl Name {
    /// What the name says about its value; None for a name of something else.
    pub(in crate::redact) fn strength(&self, text: &[u8]) -> Option<Strength> {
        let mut list = [&text[0..0]; WORDS_MAX];
        let count = words(&text[self.start..self.end], &mut list);
        let mut words = &list[..count];
        while words.len() > 1 && is_suffix(words[words.len() - 1]) {
            words = &words[..words.len() - 1];
        }
        let strength = self.last_word(text, words, count > 1)?;
        // Asked last, and only of the words before: most names are no secret's, and the list is long.
        let before = &words[..words.len() - 1];
        let other = before.iter().any(|word| is_any(word, &OTHERS));
        (!other).then_some(strength)
    }

    /// What the last of a name's words says; `several` where it had more words than these may be.
    fn last_word(&self, text: &[u8], words: &[&[u8]], several: bool) -> Option<Strength> {
        let (last, before) = words.split_last()?;
        let previous = before.last().copied().unwrap_or_default();
        if is_any(last, &[b"key"]) {
            let upper = text[self.start..self.end]
                .iter()
                .all(|byte| !byte.is_ascii_lowercase());
            let kind = is_any(previous, &KEY_KINDS) || (upper && !before.is_empty());
            return Some(if kind {
                Strength::Secret
            } else {
                Strength::Weak
            });
        }
        if is_any(last, &[b"authorization"]) || is_any(last, &[b"cookie"]) {
            return Some(Strength::Header);
        }
        if is_any(last, &PASSWORDS) || (is_any(last, &[b"pass"]) && (several || self.flag)) {
            return Some(Strength::Password);
        }
        if is_any(last, &SECRETS) {
            return Some(Strength::Secret);
        }
        if is_any(last, &[b"auth", b"sig", b"signature", b"cred"]) {
            return Some(Strength::Weak);
        }
        ENDINGS
            .iter()
            .find(|(ending, _)| ends_with(last, ending))
            .map(|(_, strength)| *strength)
    }

    /// True where the name ends so, in whatever case.
    pub(super) fn ends_with(&self, text: &[u8], ending: &[u8]) -> bool {
        ends_with(&text[self.start..self.end], ending)
    }
}

fn is_any(word: &[u8], words: &[&[u8]]) -> bool {
    let first = word.first().map(u8::to_ascii_lowercase);
    words.iter().any(|known| {
        known.len() == word.len()
            && known.first().copied() == first
            && word.eq_ignore_ascii_case(known)
    })
}

fn is_suffix(word: &[u8]) -> bool {
    is_any(word, &SUFFIXES) || word.iter().all(u8::is_ascii_digit)
}

fn ends_with(word: &[u8], ending: &[u8]) -> bool {
    word.len() >= ending.len() && word[word.len() - ending.len()..].eq_ignore_ascii_case(ending)
}

/// Splits at `_`, `-` and `.` and where capitals begin; the first words of a long name are left out.
fn words<'t>(name: &'t [u8], list: &mut [&'t [u8]; WORDS_MAX]) -> usize {
    let mut count = 0;
    let mut push = |word: &'t [u8]| {
        if word.is_empty() {
            return;
        }
        if count == WORDS_MAX {
            list.rotate_left(1);
            count -= 1;
        }
        list[count] = word;
        count += 1;
    };
    let mut from = 0;
    for at in 0..name.len() {
        let byte = name[at];
        if matches!(byte, b'_' | b'-' | b'.') {
            push(&name[from..at]);
            from = at + 1;
        } else if byte.is_ascii_uppercase() && at > from {
            let after_lower = !name[at - 1].is_ascii_uppercase();
            let before_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            if after_lower || before_lower {
                push(&name[from..at]);
                from = at;
            }
        }
    }
    push(&name[from..]);
    count
}
