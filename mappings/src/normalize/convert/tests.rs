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
    prepare(&mut item, &spec);
    let mut out = Vec::new();
    value::write_json(&item, &mut out);
    let expected = r#"{"a":{"n":12,"x.y":-3},"bad":"12 ms","f":0.5,"inf":"inf","not":null,"t":true,"u":"yes"}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn moves_find_flat_and_nested_keys_and_keep_what_differs() {
    let spec = r#"
title = "t"
vendor = "v"
documentation = "d"
deliveries = ["file"]
texts = ["id"]
rest = "own"

[moves]
a_time = "@timestamp"
b_time = "@timestamp"
c_time = "@timestamp"
id = "user.id"
"attributes.x.y" = "x"
nothing = "gone"

[constants]
"c.d" = "e"
"#;
    let spec: Spec = toml::from_str(spec).unwrap();
    let text = r#"{"a_time":1,"b_time":1,"c_time":2,"id":7,"attributes":{"x.y":3,"z":4},"nothing":null,"r":5}"#;
    let mut item = value::parse(text.as_bytes()).unwrap();
    prepare(&mut item, &spec);
    let mut out = Vec::new();
    value::write_json(&item, &mut out);
    let expected = r#"{"@timestamp":1,"c":{"d":"e"},"own":{"attributes":{"z":4},"c_time":2,"r":5},"user":{"id":"7"},"x":3}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}
