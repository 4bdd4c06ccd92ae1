use proptest::prelude::*;

use super::*;

fn found(keywords: &[String], text: &str) -> Vec<(usize, usize, usize)> {
    let mut hits = Vec::new();
    let compiled = Keywords::new(keywords).expect("small");
    let middle = text.len() / 2;
    for range in [(0, middle), (middle, text.len())] {
        compiled.each(text.as_bytes(), range, &mut |index, start, end| {
            hits.push((index, start, end));
        });
    }
    hits.sort_unstable();
    hits
}

fn looked_for(keywords: &[String], text: &str) -> Vec<(usize, usize, usize)> {
    let text = text.to_ascii_lowercase();
    let mut hits = Vec::new();
    for (index, keyword) in keywords.iter().enumerate() {
        let keyword = keyword.to_ascii_lowercase();
        for start in
            (0..text.len()).filter(|at| text.as_bytes()[*at..].starts_with(keyword.as_bytes()))
        {
            hits.push((index, start, start + keyword.len()));
        }
    }
    hits.sort_unstable();
    hits
}

proptest! {
    /// Short keywords, overlapping ones, and ones at the very end included.
    #[test]
    fn finds_what_a_plain_search_finds(
        keywords in proptest::collection::btree_set("[a-c_]{1,5}", 1..8),
        text in "[a-cA-C_é ]{0,40}",
    ) {
        let keywords: Vec<String> = keywords.into_iter().collect();
        prop_assert_eq!(found(&keywords, &text), looked_for(&keywords, &text));
    }
}
