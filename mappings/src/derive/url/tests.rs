use super::*;

#[test]
fn a_url_is_taken_apart() {
    let url = Url::parse("https://user:word@Example.COM.:8443/a/b?c=d#e").unwrap();
    assert_eq!(url.scheme, "https");
    assert_eq!(url.host, "example.com");
    assert_eq!(url.port, Some(8443));
    assert_eq!((url.path, url.query), ("/a/b", Some("c=d")));
    let url = Url::parse("http://[2001:DB8::1]:80").unwrap();
    assert_eq!((url.host.as_str(), url.port), ("2001:db8::1", Some(80)));
    assert!(url.endpoint().is_address());
}

#[test]
fn what_has_no_host_is_no_url() {
    for text in [
        "example.com/a",
        "https://",
        "https:///path",
        "https://[REDACTED:x]/",
        "https://a..b/",
        "https://host:port/",
        "a b://host/",
    ] {
        assert_eq!(Url::parse(text), None, "{text}");
    }
}
