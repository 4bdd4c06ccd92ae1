//! Invalid UTF-8 fails closed: the string or the line it stands in is replaced.
//!
//! A token in UTF-16 or cut in the middle of a character would be read past by every rule, so text
//! that is not text does not leave.

const MARKER: &[u8] = b"[REDACTED:invalid-text]";

/// The text with a marker for each string or line that holds invalid bytes, and how many there are;
/// None for valid UTF-8.
pub(super) fn replace_invalid(input: &[u8]) -> Option<(Vec<u8>, u64)> {
    let mut error = std::str::from_utf8(input).err()?;
    let mut out = Vec::with_capacity(input.len());
    let mut replaced = 0;
    let mut from = 0;
    let mut at = error.valid_up_to();
    loop {
        let (start, end) = field_around(input, from, at);
        out.extend_from_slice(&input[from..start]);
        out.extend_from_slice(MARKER);
        replaced += 1;
        from = end;
        match std::str::from_utf8(&input[from..]) {
            Ok(_) => break,
            Err(next) => error = next,
        }
        at = from + error.valid_up_to();
    }
    out.extend_from_slice(&input[from..]);
    Some((out, replaced))
}

/// From the quote or line break before a place to the next one, without the backslashes that
/// belong to the closing quote.
fn field_around(input: &[u8], from: usize, at: usize) -> (usize, usize) {
    let start = memchr::memrchr2(b'"', b'\n', &input[from..at]).map_or(from, |p| from + p + 1);
    let mut end = memchr::memchr2(b'"', b'\n', &input[at..]).map_or(input.len(), |p| at + p);
    while end > at + 1 && input[end - 1] == b'\\' {
        end -= 1;
    }
    (start, end)
}
