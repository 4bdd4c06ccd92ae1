use super::model::{Model, Unit};
use super::run;

/// Two policies, and for each: success, a kill, eight faults, five poisons, gone, unauthorized.
const ALL: usize = 2 * 17;

#[tokio::test(start_paused = true)]
async fn a_product_that_accepts_a_prefix() {
    let ran = run(|| Box::new(Model::new(Unit::Prefix, false))).await;
    assert_eq!(ran, ALL);
}

#[tokio::test(start_paused = true)]
async fn a_product_that_answers_for_each() {
    let ran = run(|| Box::new(Model::new(Unit::Each, true))).await;
    assert_eq!(ran, ALL);
}

#[tokio::test(start_paused = true)]
async fn a_product_that_throws_all_away() {
    let ran = run(|| Box::new(Model::new(Unit::Whole, false))).await;
    assert_eq!(ran, ALL);
}
