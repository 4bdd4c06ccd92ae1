use super::*;

fn names(files: &[(String, String)]) -> Vec<&str> {
    files
        .iter()
        .map(|(path, _)| path.rsplit('/').next().unwrap_or_default())
        .collect()
}

#[test]
fn what_a_file_extends_is_read_beside_it_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let a = write("a.toml", "[extend]\npath = \"base.toml\"\n");
    let b = write("b.toml", "[extend]\npath = \"base.toml\"\n");
    write("base.toml", "[extend]\npath = \"a.toml\"\n");
    let read = files(&[a, b]).expect("readable");
    assert_eq!(names(&read), ["a.toml", "b.toml", "base.toml"]);
}

#[test]
fn a_file_that_is_not_there_is_an_invalid_argument() {
    let missing = files(&[PathBuf::from("no/such/rules.toml")]).expect_err("missing");
    assert!(missing.is::<crate::command::Invalid>());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.toml");
    std::fs::write(&path, "[extend]\npath = \"nowhere.toml\"\n").expect("written");
    assert_eq!(files(&[path]).expect("readable").len(), 1);
}
