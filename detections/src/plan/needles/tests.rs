use proptest::prelude::*;

use super::*;

fn found(texts: &[String], value: &str) -> Vec<u32> {
    let numbered: Vec<(&str, u32)> = texts.iter().map(String::as_str).zip(0..).collect();
    let mut sample = Sample::default();
    texts.iter().for_each(|text| sample.add(text));
    let needles = Needles::new(&numbered, &sample).expect("few texts");
    // What follows a value is another one, not zeros: it must not be looked at.
    let padded = format!("{value}abab");
    let mut out = Vec::new();
    let padded = Padded {
        bytes: padded.as_bytes(),
        len: value.len(),
        is_ascii: value.is_ascii(),
    };
    needles.find(padded, |number| out.push(number));
    out.sort_unstable();
    out.dedup();
    out
}

fn contained(texts: &[String], value: &str) -> Vec<u32> {
    let all = texts.iter().zip(0..);
    let in_value = all.filter(|(text, _)| value.contains(text.as_str()));
    in_value.map(|(_, number)| number).collect()
}

proptest! {
    #[test]
    fn finds_what_contains_finds(
        texts in prop::collection::vec("[abé]{1,9}", 0..40),
        value in "[abcé]{0,300}",
    ) {
        prop_assert_eq!(found(&texts, &value), contained(&texts, &value));
    }

    #[test]
    fn long_texts_are_found_at_every_position(
        texts in prop::collection::vec("[a-d]{5,12}", 1..30),
        before in "[a-d]{0,200}",
        after in "[a-d]{0,20}",
        which in any::<prop::sample::Index>(),
    ) {
        let value = format!("{before}{}{after}", which.get(&texts));
        prop_assert_eq!(found(&texts, &value), contained(&texts, &value));
    }
}
