//! Writing JSON objects into a buffer, one member after the other, without a tree in between.

/// An object that is being written.
pub(crate) struct Object<'b> {
    buffer: &'b mut Vec<u8>,
    empty: bool,
}

impl<'b> Object<'b> {
    pub(crate) fn begin(buffer: &'b mut Vec<u8>) -> Self {
        buffer.push(b'{');
        Self {
            buffer,
            empty: true,
        }
    }

    pub(crate) fn end(self) {
        self.buffer.push(b'}');
    }

    fn key(&mut self, key: &str) {
        if !std::mem::replace(&mut self.empty, false) {
            self.buffer.push(b',');
        }
        write_text(self.buffer, key);
        self.buffer.push(b':');
    }

    /// A member that is JSON already.
    pub(crate) fn raw(&mut self, key: &str, json: &[u8]) {
        self.key(key);
        self.buffer.extend_from_slice(json);
    }

    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        write_text(self.buffer, text);
    }

    /// Only where there is one.
    pub(crate) fn text_if(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// A list, left out where it is empty.
    pub(crate) fn texts<'t>(&mut self, key: &str, texts: impl Iterator<Item = &'t str>) {
        let mut texts = texts.peekable();
        if texts.peek().is_none() {
            return;
        }
        self.key(key);
        self.buffer.push(b'[');
        for (number, text) in texts.enumerate() {
            if number > 0 {
                self.buffer.push(b',');
            }
            write_text(self.buffer, text);
        }
        self.buffer.push(b']');
    }

    /// A number.
    pub(crate) fn number(&mut self, key: &str, number: i64) {
        self.raw(key, number.to_string().as_bytes());
    }

    /// An object inside.
    pub(crate) fn object(&mut self, key: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        let mut inner = Object::begin(self.buffer);
        write(&mut inner);
        inner.end();
    }
}

fn write_text(buffer: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(buffer, text).expect("a vector takes every text");
}

#[cfg(test)]
mod tests {
    use super::Object;

    #[test]
    fn writes_what_a_reader_reads() {
        let mut buffer = Vec::new();
        let mut object = Object::begin(&mut buffer);
        object.text("a\"", "b\n\u{2028}\u{0}");
        object.raw("r", b"[1]");
        object.text_if("none", None);
        object.texts("l", ["x", "y"].into_iter());
        object.texts("empty", std::iter::empty());
        object.object("o", |inner| inner.number("n", -5));
        object.object("e", |_| {});
        object.end();
        let read: serde_json::Value = serde_json::from_slice(&buffer).expect("JSON");
        let expected = serde_json::json!({
            "a\"": "b\n\u{2028}\u{0}", "r": [1], "l": ["x", "y"], "o": {"n": -5}, "e": {}
        });
        assert_eq!(read, expected);
    }
}
