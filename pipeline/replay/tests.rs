use super::*;

#[test]
fn results_come_in_the_order_of_their_numbers() {
    let (send, receive) = sync_channel(10);
    for number in [3_u64, 1, 2, 5, 4] {
        let inputs = vec![(0, number)];
        send.send((
            number,
            Transaction {
                inputs,
                ..Transaction::default()
            },
        ))
        .expect("room");
    }
    drop(send);
    let mut seen = Vec::new();
    in_order(&receive, &mut |transaction| {
        seen.push(transaction.inputs[0].1);
        Ok(())
    })
    .expect("nothing fails");
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

#[test]
fn what_is_no_text_is_left_to_be_refused() {
    let redactor = Redactor::new(Default::default())
        .unwrap_or_else(|_| panic!("it compiles"))
        .0;
    let mut scratch = redactor.scratch();
    let mut body = Bytes::from_static(&[b'{', 0xff]);
    seal(&redactor, &mut scratch, &mut body);
    assert_eq!(body.as_ref(), [b'{', 0xff]);
    let token = ["gh", "p_", "Zk3VbN8mQ2xR", "7tY5wL1sD9fH", "4jC6gP0aE1uX"].concat();
    let mut body = Bytes::from(format!("{{\"a\":\"{token}\"}}"));
    seal(&redactor, &mut scratch, &mut body);
    assert!(body.starts_with(b"{\"a\":\"[REDACTED:"), "{body:?}");
}
