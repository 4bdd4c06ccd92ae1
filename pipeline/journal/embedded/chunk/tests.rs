use proptest::prelude::*;

use super::*;

fn message() -> impl Strategy<Value = Message> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from);
    let headers = proptest::collection::vec((".{0,9}", bytes()), 0..4);
    (bytes(), bytes(), headers, any::<i64>()).prop_map(|(key, value, headers, time_ms)| Message {
        key,
        value,
        headers,
        time_ms,
    })
}

fn encoded(messages: &[Message]) -> Segment {
    let outgoing: Vec<_> = messages
        .iter()
        .map(|message| Outgoing {
            topic: Topic::Raw,
            partition: None,
            message: message.clone(),
        })
        .collect();
    let mut encoded = encode(&outgoing, &vec![3; messages.len()]).expect("encodes");
    let mut segments = encoded.remove(&(Topic::Raw, 3)).expect("is there");
    assert_eq!((encoded.len(), segments.len()), (0, 1));
    segments.remove(0)
}

fn decoded(key: &ChunkKey, value: Vec<u8>, from: u64) -> Result<Vec<Incoming>, &'static str> {
    let mut found = Vec::new();
    decode(key, value.into(), from, &mut found).map(|()| found)
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written(
        messages in proptest::collection::vec(message(), 1..20),
        more in proptest::collection::vec(message(), 1..20),
        first in 0..u64::MAX / 2,
        skip in 0..50u64,
    ) {
        let mut segment = encoded(&messages);
        prop_assert!(segment.merge(encoded(&more)).is_none());
        let (key, value) = segment.seal(3, first, 77);
        prop_assert_eq!(ChunkKey::decode(&key.encode()), Some(key));
        let all: Vec<_> = (first..)
            .zip(messages.into_iter().chain(more))
            .map(|(offset, message)| Incoming { offset, message })
            .filter(|incoming| incoming.offset >= first + skip)
            .collect();
        prop_assert_eq!(decoded(&key, value, first + skip), Ok(all));
    }

    #[test]
    fn no_changed_bit_is_read(
        messages in proptest::collection::vec(message(), 1..6),
        place in any::<prop::sample::Index>(),
        bit in 0..8u32,
    ) {
        let (key, mut value) = encoded(&messages).seal(3, 9, 77);
        let at = place.index(value.len());
        value[at] ^= 1 << bit;
        prop_assert!(decoded(&key, value, 0).is_err());
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        messages in 1..1000u32,
    ) {
        // With the right length, version and checksum, so that the messages themselves are read.
        let mut value = vec![VERSION, 0, 0, 0, 0];
        value.extend_from_slice(&bytes);
        let key = ChunkKey {
            partition: 0,
            first: 0,
            messages,
            bytes: value.len() as u32,
            written_ms: 0,
        };
        let checksum = checksum(&key, &bytes);
        value[1..HEAD].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(found) = decoded(&key, value, 0) {
            prop_assert_eq!(found.len(), messages as usize);
        }
        let _ = ChunkKey::decode(&bytes);
    }

    #[test]
    fn keys_sort_like_offsets(a in any::<(u32, u64)>(), b in any::<(u32, u64)>()) {
        let key = |(partition, first): (u32, u64)| ChunkKey {
            partition,
            first: first / 2,
            messages: 1,
            bytes: 1,
            written_ms: 0,
        };
        let (a, b) = (key(a), key(b));
        let order = (a.partition, a.first).cmp(&(b.partition, b.first));
        prop_assert_eq!(a.encode().cmp(&b.encode()), order);
        let encoded = a.encode();
        prop_assert!(ChunkKey::seek(a.partition, a.first)[..] <= encoded[..]);
        prop_assert!(ChunkKey::beyond(a.partition, a.first)[..] > encoded[..]);
    }
}

#[test]
fn a_chunk_of_another_place_is_refused() {
    let (key, value) = encoded(&[Message::default()]).seal(3, 9, 77);
    for wrong in [
        ChunkKey { first: 8, ..key },
        ChunkKey {
            partition: 2,
            ..key
        },
        ChunkKey { messages: 2, ..key },
        ChunkKey { bytes: 1, ..key },
    ] {
        assert!(decoded(&wrong, value.clone(), 0).is_err(), "{wrong:?}");
    }
    assert_eq!(decoded(&key, value, 0).map(|found| found.len()), Ok(1));
}

#[test]
fn large_messages_get_chunks_of_their_own() {
    let outgoing = |bytes: usize| Outgoing {
        topic: Topic::Raw,
        partition: None,
        message: Message {
            value: vec![0; bytes].into(),
            ..Message::default()
        },
    };
    let sizes = [600 << 10, 600 << 10, 10, 3 << 20, 10];
    let messages = sizes.map(outgoing);
    let encoded = encode(&messages, &[0; 5]).expect("encodes");
    let counts: Vec<_> = encoded[&(Topic::Raw, 0)]
        .iter()
        .map(|segment| segment.messages)
        .collect();
    assert_eq!(counts, [1, 2, 1, 1]);
    let too_large = outgoing(MESSAGE_BYTES_MAX + 1);
    assert!(encode(&[too_large], &[0]).is_err());
}

/// The bytes of version 1: a change here is a new version, or existing stores are lost.
#[test]
fn the_format_is_what_it_was() {
    let message = Message {
        key: Bytes::from_static(b"k"),
        value: vec![b'v'; 130].into(),
        headers: vec![("n".into(), Bytes::from_static(b"h"))],
        time_ms: -65,
    };
    let (key, value) = encoded(&[message]).seal(1, 258, 77);
    let expected_key = [
        0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 146, 0, 0, 0, 0, 0, 0, 0, 77,
    ];
    assert_eq!(key.encode(), expected_key);
    assert_eq!(value[0], 1);
    assert_eq!(value[5..9], [1, b'k', 130, 1]);
    assert_eq!(value[139..], [1, 1, b'n', 1, b'h', 129, 1]);
    assert_eq!(value[1..5], 30_123_436u32.to_le_bytes());
}
