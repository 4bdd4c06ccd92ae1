//! The plan decides every event as the naive evaluator does: random rules, random events, both
//! drawn from a small alphabet so that they meet often.

use proptest::prelude::*;

use super::*;
use crate::expr::{Atom, Compare, Expr, FieldTest, Network, Number, Test, TimePart};
use crate::pattern::{Pattern, fold};
use crate::plan;
use crate::rule::LogSource;

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "a.b", "a.b.c", "c", "c.a"])
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abAB*?]{0,4}",
        "[aAbé.\\\\-]{0,6}",
        prop::sample::select(vec![
            "10.0.0.1",
            "10.1.2.3",
            "7",
            "7.5",
            "true",
            "2026-03-05T07:00:00Z"
        ])
        .prop_map(str::to_owned),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let text = (word(), any::<bool>()).prop_map(|(word, cased)| {
        let pattern = Pattern::parse(&word);
        let pattern = if cased {
            pattern
        } else {
            pattern.map_text(fold)
        };
        Test::Text { pattern, cased }
    });
    let regex = prop::sample::select(vec![
        "a+b",
        "^a",
        "(?i)AbA",
        "(aba|bab)x?",
        "b$",
        "a.*b.*a",
        "[ab]{3}",
        "é",
        "(?i)bab.?A",
    ]);
    let compare = prop::sample::select(vec![
        Compare::Less,
        Compare::GreaterOrEqual,
        Compare::Greater,
    ]);
    let how = prop::sample::select(vec![
        FieldTest::Equals,
        FieldTest::StartsWith,
        FieldTest::EndsWith,
        FieldTest::Contains,
    ]);
    prop_oneof![
        6 => text,
        1 => Just(Test::IsNull),
        1 => Just(Test::Exists),
        2 => regex.prop_map(|source| Test::Regex(source.into())),
        1 => prop::sample::select(vec!["10.0.0.0/16", "10.0.0.0/8", "0.0.0.0/0"])
            .prop_map(|text| Test::Cidr(Network::parse(text).expect("a network"))),
        1 => (compare, -1i8..9).prop_map(|(compare, n)| Test::Number(compare, Number::new(n.into()))),
        1 => Just(Test::Time(TimePart::Hour, Compare::Equal, 7)),
        1 => (field(), how, any::<bool>())
            .prop_map(|(other, how, cased)| Test::Field { other: other.into(), how, cased }),
    ]
}

fn atom() -> impl Strategy<Value = Expr> {
    let fielded = (field(), test()).prop_map(|(field, test)| Atom {
        field: Some(field.into()),
        test,
    });
    let keyword = "[ab*é]{1,3}".prop_map(|word| Atom {
        field: None,
        test: Test::Text {
            pattern: Pattern::parse(&word).open_start().open_end(),
            cased: false,
        },
    });
    prop_oneof![9 => fielded, 1 => keyword].prop_map(Expr::Atom)
}

fn expr() -> impl Strategy<Value = Expr> {
    atom().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::Or),
            inner.clone().prop_map(|inner| Expr::Not(Box::new(inner))),
            inner.prop_map(|inner| Expr::Named("x".into(), Box::new(inner))),
        ]
    })
}

fn event() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value as Json, json};
    let scalar = prop_oneof![
        4 => "[abAB.é\\\\-]{0,6}".prop_map(Json::from),
        2 => word().prop_map(Json::from),
        1 => (-2i64..10).prop_map(Json::from),
        1 => prop::sample::select(vec![json!(7.5), json!(7.0), json!(null), json!(true)]),
    ];
    let value = scalar.prop_recursive(3, 16, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "c", "a.b", "b.c", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
            prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    });
    let key = prop::sample::select(vec!["a", "b", "c", "a.b", "a.b.c", "c.a", "x"]);
    prop::collection::btree_map(key.prop_map(str::to_owned), value, 0..5)
        .prop_map(|map| Json::Object(map.into_iter().collect()))
}

/// `PROPTEST_CASES` can ask for more, never for less.
fn with_cases_at_least(cases: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig {
        cases: asked.cases.max(cases),
        ..asked
    }
}

proptest! {
    #![proptest_config(with_cases_at_least(1500))]

    #[test]
    fn the_plan_decides_as_the_naive_evaluator(
        exprs in prop::collection::vec(expr(), 1..6),
        events in prop::collection::vec(event(), 1..5),
    ) {
        let mut builder = plan::Builder::default();
        for expr in &exprs {
            builder.add(expr, &LogSource::default());
        }
        let plan = builder.finish().expect("few literals");
        let mut routes = Routes::default();
        // One scratch for all events: nothing of one event may be left for the next.
        let mut scratch = Scratch::default();
        for event in &events {
            let body = value::parse(event.to_string().as_bytes()).expect("it was JSON");
            let mut held = Vec::new();
            let mut pass = Pass::new(&plan, &mut scratch);
            let root = pass.root();
            walk(&body, root, &mut pass);
            pass.finish(&mut routes, &mut held);
            held.sort_unstable();
            // The same of the text, with another form of its strings, and of its parsed form.
            let json = event.to_string();
            for json in [json.clone(), json.replace('a', "\\u0061")] {
                let mut read = Vec::new();
                let mut pass = Pass::new(&plan, &mut scratch);
                json::read(&json, &mut pass).expect("it was JSON");
                pass.finish(&mut routes, &mut read);
                read.sort_unstable();
                prop_assert_eq!(&read, &held, "{}", json);
            }
            let naively: Vec<u32> = (0..)
                .zip(&exprs)
                .filter(|(_, expr)| naive::holds(expr, &body))
                .map(|(number, _)| number)
                .collect();
            prop_assert_eq!(&held, &naively, "{}", event);
        }
    }
}
