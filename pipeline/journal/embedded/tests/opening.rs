use std::fs;

use super::*;

/// The text of the error that opening gives.
fn refusal(place: &Place) -> String {
    match place.open(place.config()) {
        Ok(_) => panic!("it opens"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_second_opening_is_refused_until_the_first_is_gone() {
    let place = Place::new();
    let first = place.opened();
    let consumer = first.subscribe("g", Topic::Raw, ALONE).expect("joins");
    let error = place.open(place.config()).err().expect("is refused");
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    assert!(error.to_string().contains(&*place.path().to_string_lossy()));
    drop(first);
    assert!(place.open(place.config()).is_err(), "a consumer has it");
    drop(consumer);
    place.opened();
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let place = Place::new();
    drop(place.opened());
    let newer = "format 7\nwhatever comes then\n";
    fs::write(place.path().join("format"), newer).expect("writes");
    let error = place.open(place.config()).err().expect("is refused");
    let JournalError::NewerFormat {
        found, supported, ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((found, supported), (7, 1));
    let text = fs::read_to_string(place.path().join("format")).expect("reads");
    assert_eq!(text, newer);
}

#[test]
fn a_format_that_makes_no_sense_is_damage() {
    for text in [
        "",
        "format x\n",
        "format 1\n",
        "format 1\npartitions 0\nstate ready\n",
    ] {
        let place = Place::new();
        drop(place.opened());
        fs::write(place.path().join("format"), text).expect("writes");
        let refusal = refusal(&place);
        assert!(refusal.contains("`format` makes no sense"), "{text}");
    }
}

#[test]
fn what_is_missing_is_damage() {
    for (part, said) in [
        ("format", "`format` is missing"),
        ("tail", "`tail`"),
        ("store", "`store` is missing"),
        ("store/keyspaces", "`raw` is missing"),
        ("store/0.jnl", "ends at offset 0, and it had reached 1"),
    ] {
        let place = Place::new();
        let journal = place.opened();
        journal
            .append(vec![to(Topic::Raw, 1, "a")])
            .expect("appends");
        drop(journal);
        let path = place.path().join(part);
        if path.is_dir() {
            fs::remove_dir_all(path).expect("removes");
        } else {
            fs::remove_file(path).expect("removes");
        }
        let refusal = refusal(&place);
        assert!(refusal.contains("is damaged"), "{part}: {refusal}");
        assert!(refusal.contains(said), "{part}: {refusal}");
    }
}

#[test]
fn a_creation_that_was_cut_off_is_begun_anew() {
    let place = Place::new();
    drop(place.opened());
    let format = "format 1\npartitions 2\nstate creating\n";
    fs::write(place.path().join("format"), format).expect("writes");
    fs::remove_file(place.path().join("store/version")).expect("removes");
    let journal = place.opened();
    journal
        .append(vec![to(Topic::Raw, 0, "a")])
        .expect("appends");
    drop(journal);
    assert_eq!(everything(&place.opened(), "g", Topic::Raw).len(), 1);
}

#[test]
fn the_partitions_stay_what_they_were() {
    let place = Place::new();
    drop(place.opened());
    let mut config = place.config();
    config.partitions = 5;
    let journal = place.open(config.clone()).expect("opens");
    assert_eq!(journal.partitions(Topic::Raw), 2);
    assert!(journal.append(vec![to(Topic::Raw, 2, "a")]).is_err());
    drop(journal);
    for partitions in [0, PARTITIONS_MAX + 1] {
        config.partitions = partitions;
        assert!(place.open(config.clone()).is_err());
    }
}
