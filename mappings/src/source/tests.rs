use super::*;

#[test]
fn the_built_in_sources_compile() {
    if let Err(problems) = Sources::builtin() {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", problems.join("\n"));
    }
}
