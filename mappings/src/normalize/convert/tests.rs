use super::*;

#[test]
fn text_becomes_what_it_says_and_nothing_is_guessed() {
    let spec = r#"
title = "t"
vendor = "v"
documentation = "d"
deliveries = ["file"]
numbers = ["a.n", "a.x.y", "f", "bad", "not", "inf", "absent"]
booleans = ["t", "u"]
"#;
    let spec: Spec = toml::from_str(spec).unwrap();
    let text = r#"{"a":{"n":"12","x.y":"-3"},"f":"0.5","bad":"12 ms","not":null,"inf":"inf","t":"true","u":"yes"}"#;
    let mut item = value::parse(text.as_bytes()).unwrap();
    convert(&mut item, &spec);
    let mut out = Vec::new();
    value::write_json(&item, &mut out);
    let expected = r#"{"a":{"n":12,"x.y":-3},"bad":"12 ms","f":0.5,"inf":"inf","not":null,"t":true,"u":"yes"}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}
