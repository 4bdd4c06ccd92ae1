//! A hundred rules for coding agents, of the shapes that detection engineers write: commands by
//! substring and by regex, paths, domains, tiers of repositories, exclusions.

use chaperone_detections::RuleFile;

use crate::generate::Random;

const SOURCE: &str = "logsource:\n  category: agent_tool_call\n";

/// `count` rules, each in a file of its own; the same every time.
pub(crate) fn files(count: usize) -> Vec<RuleFile> {
    let mut random = Random::new(0x5eed);
    let shapes = [commands, regex, paths, domains, tiers];
    (0..count)
        .map(|number| {
            let detection = shapes[number % shapes.len()](&mut random);
            let text = format!(
                "title: Agent rule {number}\nid: {}\nstatus: test\nlevel: medium\n{SOURCE}detection:\n{detection}",
                random.guid()
            );
            RuleFile {
                path: format!("agent/{number:03}.yml"),
                text,
            }
        })
        .collect()
}

fn commands(random: &mut Random) -> String {
    let (program, flag, other) = (word(random), random.hex(3), random.hex(4));
    format!(
        "  tool:\n    gen_ai.tool.name:\n      - Bash\n      - shell\n  command:\n    \
         process.command_line|contains:\n      - '{program} --{flag}'\n      - '{program} -{flag} '\n      \
         - '/{other}/'\n  filter_ci:\n    user.name|startswith: 'svc_{flag}'\n  \
         condition: tool and command and not filter_ci\n"
    )
}

fn regex(random: &mut Random) -> String {
    let (program, host) = (word(random), random.hex(4));
    format!(
        "  command:\n    process.command_line|re: '\\b{program}\\b[^|;]*\\|\\s*(?:ba|z)?sh\\b'\n  \
         remote:\n    process.command_line|contains|all:\n      - '{program}'\n      - '{host}.example'\n  \
         condition: command or remote\n"
    )
}

fn paths(random: &mut Random) -> String {
    let (folder, end) = (random.hex(4), random.hex(3));
    format!(
        "  file:\n    file.path|endswith:\n      - '/.{folder}/config'\n      - '.{end}'\n  \
         tool:\n    gen_ai.tool.name:\n      - Write\n      - Edit\n  condition: file and tool\n"
    )
}

fn domains(random: &mut Random) -> String {
    let (name, network) = (random.hex(5), random.below(255));
    format!(
        "  domain:\n    destination.domain|endswith:\n      - '.{name}.example'\n      - '{name}.dev'\n  \
         address:\n    source.ip|cidr: '10.{network}.0.0/16'\n  listed:\n    \
         chaperone.destination.allowed: true\n  condition: (domain or address) and domain and not listed\n"
    )
}

fn tiers(random: &mut Random) -> String {
    let (name, tokens) = (random.hex(4), 95_000 + random.below(9_000));
    format!(
        "  tier:\n    chaperone.repository.tier: critical\n    vcs.repository.name|endswith: '/{name}'\n  \
         heavy:\n    gen_ai.usage.input_tokens|gte: {tokens}\n  condition: tier or heavy\n"
    )
}

fn word(random: &mut Random) -> &'static str {
    random.pick(&[
        "curl", "wget", "scp", "nc", "socat", "chmod", "ssh", "docker", "kubectl", "aws",
    ])
}

#[cfg(test)]
mod tests {
    use chaperone_detections::{FieldAliases, Lists, RuleSet};

    #[test]
    fn all_rules_compile_without_a_problem() {
        let files = super::files(100);
        let compiled = RuleSet::compile(&files, &Lists::default(), &FieldAliases::default());
        let (rules, _) = compiled.expect("every rule is right");
        assert_eq!(rules.len(), 100);
    }
}
