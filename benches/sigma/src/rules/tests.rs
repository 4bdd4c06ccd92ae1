use super::*;

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder
            .append_data(&mut header, path, text.as_bytes())
            .expect("in memory");
    }
    builder.into_inner().expect("in memory")
}

#[test]
fn an_archive_gives_its_rules_and_nothing_else() {
    let bytes = archive(&[
        ("./rules/a.yml", "title: a"),
        ("rules/a.cases.yml", "cases: []"),
        ("rules/README.md", "text"),
    ]);
    let files = unpack(bytes.as_slice()).expect("a good archive");
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["rules/a.yml"]);
    assert_eq!(files[0].text, "title: a");
}
