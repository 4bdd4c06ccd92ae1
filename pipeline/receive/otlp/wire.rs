//! The protobuf wire format: tags and values, nothing of what they mean.
//! <https://protobuf.dev/programming-guides/encoding/>
//!
//! What it refuses: groups, which no version of OTLP ever had, and anything that breaks off.

/// A value as it lies on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Eight([u8; 8]),
    Four([u8; 4]),
    Bytes(&'a [u8]),
}

/// The entries of one message.
#[derive(Clone)]
pub(super) struct Entries<'a> {
    rest: &'a [u8],
}

/// The numbers of a packed field: one behind the other, without tags.
pub(super) struct Values<'a> {
    rest: Entries<'a>,
    width: Width,
}

/// How many bytes a number takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Varint,
    Four,
    Eight,
}

impl<'a> Values<'a> {
    pub(super) fn of(packed: &'a [u8], width: Width) -> Self {
        let rest = Entries::of(packed);
        Self { rest, width }
    }

    /// The next number; None at the end.
    pub(super) fn next(&mut self) -> Result<Option<Wire<'a>>, Broken> {
        if self.rest.rest.is_empty() {
            return Ok(None);
        }
        let value = match self.width {
            Width::Varint => Wire::Varint(self.rest.varint()?),
            Width::Four => Wire::Four(self.rest.fixed()?),
            Width::Eight => Wire::Eight(self.rest.fixed()?),
        };
        Ok(Some(value))
    }
}

/// The bytes are not protobuf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

impl<'a> Entries<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next tag and value; None at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Wire<'a>)>, Broken> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = u32::try_from(self.varint()?).map_err(|_| Broken)?;
        let tag = key >> 3;
        if tag == 0 {
            return Err(Broken);
        }
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Eight(self.fixed()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Broken)?;
                let (value, rest) = self.rest.split_at_checked(length).ok_or(Broken)?;
                self.rest = rest;
                Wire::Bytes(value)
            }
            5 => Wire::Four(self.fixed()?),
            _ => return Err(Broken),
        };
        Ok(Some((tag, value)))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (value, rest) = self.rest.split_first_chunk::<N>().ok_or(Broken)?;
        self.rest = rest;
        Ok(*value)
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            // The tenth byte holds the last of 64 bits.
            if at == 9 && *byte > 1 {
                return Err(Broken);
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(Broken)
    }
}
