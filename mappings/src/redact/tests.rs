use super::testing::dice::Dice;
use super::testing::{CONTEXTS, Fake, benign, fakes, leaked, nest, place};
use super::*;

fn redactor() -> Redactor {
    Redactor::new(RedactorConfig::default())
        .expect("the built-in pack compiles")
        .0
}

fn sealed(redactor: &Redactor, text: &str) -> String {
    let sealed = redactor.seal_text(text.as_bytes(), &mut redactor.scratch());
    sealed.map_or_else(
        || text.to_owned(),
        |bytes| String::from_utf8(bytes).expect("text stays text"),
    )
}

/// Pieces of a secret up to this long also occur by chance.
const CHANCE_MAX: usize = 7;

fn covered(redactor: &Redactor, text: &str, fake: &Fake) -> bool {
    let out = sealed(redactor, text);
    leaked(out.as_bytes(), &fake.secret) <= CHANCE_MAX
}

#[test]
fn covers_all_formats_in_all_contexts_at_all_depths() {
    let redactor = redactor();
    let fakes = fakes(1);
    println!("{} formats", fakes.len());
    let (mut all, mut prefixed) = ([0_usize; 2], [0_usize; 2]);
    for context in CONTEXTS {
        let mut hits = [0_usize; 4];
        let mut missed = Vec::new();
        for fake in &fakes {
            let text = place(context, fake);
            for (depth, hit) in hits.iter_mut().enumerate() {
                let ok = covered(&redactor, &nest(&text, depth), fake);
                *hit += usize::from(ok);
                all[usize::from(ok)] += 1;
                if fake.prefixed {
                    prefixed[usize::from(ok)] += 1;
                }
                if !ok {
                    let left = leaked(
                        sealed(&redactor, &nest(&text, depth)).as_bytes(),
                        &fake.secret,
                    );
                    missed.push(format!("{}@{depth}:{left}", fake.format));
                }
            }
        }
        let percent = hits.map(|hit| format!("{:6.2}", 100.0 * hit as f64 / fakes.len() as f64));
        println!("{context:8} {} {}", percent.join(" "), missed.join(" "));
    }
    let share = |counts: [usize; 2]| 100.0 * counts[1] as f64 / (counts[0] + counts[1]) as f64;
    println!(
        "all {:.2} %, with a prefix {:.2} %",
        share(all),
        share(prefixed)
    );
    assert!(share(all) >= 97.0);
    assert!(share(prefixed) >= 99.5);
}

/// What the patterns do alone: the name before the secret says nothing.
#[test]
fn knows_prefixed_tokens_by_themselves() {
    let redactor = redactor();
    let (mut seen, mut missed) = (0, Vec::new());
    for seed in 2..6 {
        for fake in fakes(seed).into_iter().filter(|fake| fake.prefixed) {
            let fake = Fake {
                name: "VALUE".to_owned(),
                ..fake
            };
            for context in CONTEXTS {
                let text = nest(&place(context, &fake), (seed % 4) as usize);
                seen += 1;
                if !covered(&redactor, &text, &fake) {
                    missed.push(format!("{}@{context}", fake.format));
                }
            }
        }
    }
    let share = 100.0 * missed.len() as f64 / seen as f64;
    println!("missed {share:.3} % of {seen}: {}", missed.join(" "));
    assert!(share <= 0.5);
}

#[test]
fn leaves_a_working_day_alone() {
    const EVENTS: usize = 2000;
    let redactor = redactor();
    let mut scratch = redactor.scratch();
    let mut dice = Dice::new(11);
    let mut changed = 0;
    for _ in 0..EVENTS {
        let event = benign::event(&mut dice);
        if let Some(sealed) = redactor.seal_text(event.as_bytes(), &mut scratch) {
            changed += 1;
            let flat = String::from_utf8_lossy(&sealed).into_owned();
            let at = flat.find("[REDACTED:").expect("a change leaves a marker");
            let from = (0..=at.saturating_sub(60))
                .rev()
                .find(|at| flat.is_char_boundary(*at));
            println!(
                "…{}",
                flat[from.unwrap_or(0)..]
                    .chars()
                    .take(130)
                    .collect::<String>()
            );
        }
    }
    println!("{changed} of {EVENTS} benign events changed");
    assert!(changed * 10_000 <= 5 * EVENTS);
}
