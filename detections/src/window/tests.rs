use super::ranked::Ranked;

#[test]
fn ranks_agree_with_a_sorted_list() {
    // A fixed walk through many values: additions and removals in an order that looks random.
    let (mut ranked, mut list) = (Ranked::default(), Vec::new());
    let mut state = 1u64;
    for step in 0..5000u32 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = f64::from((state >> 33) as u32 % 500) / 4.0;
        if step % 3 == 2 && !list.is_empty() {
            let gone: f64 = list.remove((state >> 20) as usize % list.len());
            ranked.remove(gone);
        } else {
            list.push(value);
            ranked.add(value);
        }
        if step % 97 == 0 {
            let mut sorted = list.clone();
            sorted.sort_by(f64::total_cmp);
            let last = sorted.len() - 1;
            for (percentile, at) in [(0.0, 0), (100.0, last)] {
                assert_eq!(ranked.percentile(percentile), Some(sorted[at]));
            }
            let middle = (sorted[last / 2] + sorted[last.div_ceil(2)]) / 2.0;
            assert_eq!(ranked.percentile(50.0), Some(middle));
        }
    }
    ranked.remove(-1.0);
    assert_eq!(Ranked::default().percentile(50.0), None);
}
