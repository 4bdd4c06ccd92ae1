//! Once a matcher has seen its like, an event costs no memory.

use super::*;

const DETECTION: &str = r#"    sel:
        - CommandLine|contains: [mimikatz, ' -e', 'Ünicode']
          Image|endswith: '\powershell.exe'
          User|startswith: [corp, '*x*y']
        - Port|gt: 1000
          Ip|cidr: 10.0.0.0/8
        - CommandLine|re: 'down.{1,9}load\d'
        - Name|fieldref: User
        - Name|contains|cased: BoB
        - At|hour: 7
    words:
        - secret word
        - '*a?b*'
    condition: sel or words"#;

const EVENTS: [&str; 5] = [
    r#"{"CommandLine":"powershell -e AAAA","Image":"C:\\Windows\\powershell.exe","User":"CORP\\x","Name":"bob"}"#,
    r#"{"Port":4433,"Ip":"10.1.2.3","Float":1.5,"Deep":{"a":[1,2,{"b":null}],"c":"acb"}}"#,
    r#"{"CommandLine":"say down now load7 \"\t\u00dcNICODE\"","Name":"Ünicode BoB","User":"ÜNICODE BOB"}"#,
    r#"{"At":"2026-03-05T07:00:00Z","Note":"a Secret Word","chaperone":{"logsource":{"product":"test"}}}"#,
    r#"{"Note":"nothing","chaperone":{"logsource":{"product":"other"}}}"#,
];

#[test]
fn an_event_allocates_nothing() {
    let mut matcher = Matcher::new(compile(DETECTION));
    let parse = |event: &&str| value::parse(event.as_bytes()).expect("the test's event is JSON");
    let bodies: Vec<Value> = EVENTS.iter().map(parse).collect();
    let mut held = [0; 2];
    let mut pass = || {
        for body in &bodies {
            held[0] += matcher.rules_that_hold(body).len();
        }
        for event in EVENTS {
            let read = matcher.rules_that_hold_in(event);
            held[1] += read.expect("the test's event is JSON").len();
        }
    };
    pass();
    pass();
    let counted = allocation_counter::measure(pass);
    assert_eq!(counted.count_total, 0, "{counted:?}");
    assert_eq!(
        held,
        [12, 12],
        "three passes, in which four of the events hold"
    );
}
