use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::super::budget::Budget;
use super::super::config::ReceiveConfig;
use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("a Vec takes any write");
    encoder.finish().expect("a Vec takes any write")
}

fn budget(buffered_bytes_max: usize) -> Budget {
    let config = ReceiveConfig {
        buffered_bytes_max,
        ..ReceiveConfig::default()
    };
    Budget::new(&config, &std::sync::Arc::default())
}

fn unpack(encoding: Encoding, packed: &[u8], bytes_max: usize) -> Result<Bytes, Reason> {
    let budget = budget(1 << 20);
    encoding
        .unpack(
            Bytes::copy_from_slice(packed),
            bytes_max,
            &mut budget.reserve(),
        )
        .map_err(|no| no.reason)
}

#[test]
fn every_encoding_gives_the_text_back() {
    let text = b"{\"a\":[1,2,3]}".repeat(1000);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&text).expect("a Vec takes any write");
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
    bare.write_all(&text).expect("a Vec takes any write");
    let cases = [
        (Encoding::Identity, text.clone()),
        (Encoding::Gzip, gzip(&text)),
        (Encoding::Deflate, zlib.finish().expect("a Vec")),
        (Encoding::Deflate, bare.finish().expect("a Vec")),
        (
            Encoding::Zstd,
            zstd::encode_all(text.as_slice(), 3).expect("a Vec"),
        ),
    ];
    for (encoding, packed) in cases {
        let back = unpack(encoding, &packed, 1 << 20).expect("valid");
        assert!(back == text, "{encoding:?}");
    }
}

#[test]
fn two_gzip_members_are_one_body() {
    let packed = [gzip(b"{\"a\":"), gzip(b"1}")].concat();
    let back = unpack(Encoding::Gzip, &packed, 100).expect("valid");
    assert_eq!(back, "{\"a\":1}");
}

#[test]
fn a_bomb_is_refused_and_the_limit_itself_is_not() {
    let zeros = vec![0; 300_000];
    for (encoding, packed) in [
        (Encoding::Gzip, gzip(&zeros)),
        (
            Encoding::Zstd,
            zstd::encode_all(zeros.as_slice(), 3).expect("a Vec"),
        ),
    ] {
        assert!(packed.len() < 1000);
        let no = unpack(encoding, &packed, 299_999);
        assert_eq!(no, Err(Reason::TooLarge), "{encoding:?}");
        assert!(unpack(encoding, &packed, 300_000).is_ok(), "{encoding:?}");
    }
}

#[test]
fn a_bomb_within_its_limit_still_needs_the_budget_of_all() {
    let budget = budget(100_000);
    let packed = gzip(&vec![0; 300_000]);
    let no = Encoding::Gzip.unpack(packed.into(), 1 << 20, &mut budget.reserve());
    assert_eq!(no, Err(Refused::busy()));
}

#[test]
fn every_truncation_and_garbage_is_malformed() {
    let packed = gzip(b"{\"a\":[1,2,3]}");
    for end in 1..packed.len() {
        let no = unpack(Encoding::Gzip, &packed[..end], 1000);
        assert_eq!(no, Err(Reason::Malformed), "{end} bytes");
    }
    for encoding in [Encoding::Gzip, Encoding::Deflate, Encoding::Zstd] {
        let no = unpack(encoding, b"{\"a\":1}", 1000);
        assert_eq!(no, Err(Reason::Malformed), "{encoding:?}");
    }
}

/// A frame of 40 bytes may ask for a window of gigabytes.
#[test]
fn a_zstd_window_beyond_the_bound_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("a Vec");
    encoder.window_log(27).expect("a valid window");
    encoder.write_all(&[7; 100]).expect("a Vec");
    encoder.flush().expect("a Vec");
    let packed = encoder.finish().expect("a Vec");
    assert_eq!(
        unpack(Encoding::Zstd, &packed, 1000),
        Err(Reason::Malformed)
    );
}

#[test]
fn the_encoding_is_read_from_one_header() {
    let of = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CONTENT_ENCODING, value.parse().expect("a value"));
        }
        Encoding::of(&headers).map_err(|no| no.reason)
    };
    assert_eq!(of(&[]), Ok(Encoding::Identity));
    assert_eq!(of(&["GZIP"]), Ok(Encoding::Gzip));
    assert_eq!(of(&["identity"]), Ok(Encoding::Identity));
    assert_eq!(of(&["br"]), Err(Reason::MediaType));
    assert_eq!(of(&["gzip, gzip"]), Err(Reason::MediaType));
    assert_eq!(of(&["gzip", "gzip"]), Err(Reason::MediaType));
}
