use super::*;

/// The hash is part of the format: a key must find its partition again in an existing store.
#[test]
fn the_partition_of_a_key_is_what_it_was() {
    let keys = ["", "a", "tenant|rule|alice", "tenant|rule|bob"];
    let found = keys.map(|key| (of_key(key.as_bytes(), 8), of_key(key.as_bytes(), 1_000)));
    assert_eq!(found, [(2, 458), (5, 429), (3, 699), (0, 72)]);
}

#[test]
fn keys_spread_evenly() {
    let mut counts = [0u32; 16];
    for number in 0..16_000 {
        counts[of_key(number.to_string().as_bytes(), 16) as usize] += 1;
    }
    assert!(
        counts.iter().all(|count| (850..1_150).contains(count)),
        "{counts:?}"
    );
}
