use super::*;

/// Holds the rule of its own name where the text has it.
struct Words(&'static [&'static str]);

impl Engine for Words {
    fn rules(&self) -> usize {
        self.0.len()
    }

    fn parse(&self, _text: &str) {}

    fn count(&mut self, text: &str) -> usize {
        self.ids(text).len()
    }

    fn ids(&mut self, text: &str) -> Vec<String> {
        let held = self.0.iter().filter(|word| text.contains(*word));
        held.map(|word| (*word).to_owned()).collect()
    }
}

#[test]
fn a_difference_names_its_rule_its_side_and_the_shortest_event() {
    let texts = ["one two and more", "one two", "one three"].map(str::to_owned);
    let (mut ours, mut theirs) = (Words(&["one", "two"]), Words(&["one", "three"]));
    let (compared, found) = lane_of("lane", &texts, &mut ours, &mut theirs);
    assert_eq!(
        (compared.both, compared.ours_only, compared.rsigma_only),
        (3, 2, 1)
    );
    let found: Vec<_> = found
        .iter()
        .map(|found| {
            (
                found.rule.as_str(),
                found.only,
                found.events,
                found.example.as_str(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("three", "rsigma-eval", 1, "one three"),
            ("two", "chaperone", 2, "one two"),
        ]
    );
}
