use std::io::Write;

use super::*;

fn read_all(bytes: &[u8], limit: usize) -> Vec<(String, Result<String, RefusalCode>)> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    let input = Input::new(file.path(), "ecs");
    let mut found = Vec::new();
    read(&input, limit, 0, &Arc::default(), &mut |read| {
        let (origin, text) = match read {
            Found::Record(record) => (
                record.origin,
                Ok(String::from_utf8_lossy(&record.body).into_owned()),
            ),
            Found::Refusal(refusal) => (refusal.origin, Err(refusal.code)),
        };
        let line = origin
            .place
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        found.push((line, text));
        Ok(())
    })
    .expect("the file can be read");
    found
}

fn ok(line: usize, text: &str) -> (String, Result<String, RefusalCode>) {
    (line.to_string(), Ok(text.to_owned()))
}

#[test]
fn lines_are_records_and_empty_ones_are_nothing() {
    assert_eq!(
        read_all(b"{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":", 100),
        [ok(1, "{\"a\":1}"), ok(3, "{\"b\":2}"), ok(4, "{\"c\":"),]
    );
    assert_eq!(read_all(b"", 100), []);
    assert_eq!(read_all(b"\n \n", 100), []);
    assert_eq!(
        read_all(b"plain\ntext", 100),
        [ok(1, "plain"), ok(2, "text")]
    );
}

#[test]
fn one_document_over_many_lines_is_one_record() {
    assert_eq!(
        read_all(b"\n{\n  \"a\": [\n 1\n]}\n", 100),
        [ok(2, "{\n  \"a\": [\n 1\n]}")]
    );
    // Not a document as a whole: the lines go out one by one, each at its place.
    assert_eq!(
        read_all(b"{\n\"a\": 1\n", 100),
        [ok(1, "{"), ok(2, "\"a\": 1")]
    );
    assert_eq!(
        read_all(b"{\"cut\":\n{\"a\":1}\n", 100),
        [ok(1, "{\"cut\":"), ok(2, "{\"a\":1}")]
    );
}

#[test]
fn a_line_beyond_the_limit_is_refused_and_the_rest_goes_on() {
    let long = format!("{{\"a\":1}}\n{}\n{{\"b\":2}}\n", "x".repeat(50));
    assert_eq!(
        read_all(long.as_bytes(), 20),
        [
            ok(1, "{\"a\":1}"),
            ("2".to_owned(), Err(RefusalCode::TooLarge)),
            ok(3, "{\"b\":2}"),
        ]
    );
    let first = format!("{}\n{{\"b\":2}}\n", "x".repeat(50));
    assert_eq!(
        read_all(first.as_bytes(), 20),
        [
            ("1".to_owned(), Err(RefusalCode::TooLarge)),
            ok(2, "{\"b\":2}"),
        ]
    );
}

#[test]
fn compressed_files_are_read_as_they_are() {
    let text = b"{\"a\":1}\n{\"b\":2}\n";
    let expected = [ok(1, "{\"a\":1}"), ok(2, "{\"b\":2}")];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).expect("compressed");
    assert_eq!(read_all(&gzip.finish().expect("compressed"), 100), expected);
    let zstd = zstd::encode_all(&text[..], 1).expect("compressed");
    assert_eq!(read_all(&zstd, 100), expected);
    let marked = [b"\xef\xbb\xbf", &text[..]].concat();
    assert_eq!(read_all(&marked, 100), expected);
}

#[test]
fn a_folder_gives_its_record_files_in_order_and_a_story_its_inputs() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("written");
    };
    write("b.ndjson", "");
    write("a.json.gz", "");
    write("README.md", "");
    write("context/lists.json", "");
    write(
        "story/case.toml",
        "title = \"t\"\ninputs = [\"in.ndjson\"]\nsource = \"ecs\"\n[fakes]\nkey = [\"a\", \"b\"]\n",
    );
    write("story/in.ndjson", "");
    write("story/expected.ndjson", "");
    let found = inputs(&[folder.path().to_owned()], "auto").expect("listed");
    let names: Vec<_> = found
        .iter()
        .map(|input| {
            (
                input
                    .path
                    .file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned(),
                input.source.clone(),
            )
        })
        .collect();
    let name = |name: &str, source: &str| (name.to_owned(), source.to_owned());
    assert_eq!(
        names,
        [
            name("a.json.gz", ""),
            name("b.ndjson", ""),
            name("in.ndjson", "ecs")
        ]
    );
    assert_eq!(found[2].fakes["key"], "ab");
}
