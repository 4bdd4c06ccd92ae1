//! The engines, each behind the same two questions: who are you, redact this.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use anyhow::{Result, anyhow};
use chaperone_mappings::redact::{Redactor, RedactorConfig, Scratch};
use dd_sds::{MatchAction, RegexRuleConfig, RootRuleConfig, Scanner};
use regex::bytes::{Regex, RegexBuilder};

use crate::rules::{Rule, Source};

/// Something that redacts texts.
pub(crate) trait Engine {
    /// The heading of its column.
    fn name(&self) -> &'static str;
    /// True for an engine that is given a part of a text only, because it takes so long.
    fn is_slow(&self) -> bool;
    /// Redacts a text; true where that changed it.
    fn redact(&mut self, text: &str) -> Result<bool>;
}

/// Our engine, and unless `alone` its peers.
pub(crate) fn all(source: &Source, rules: &[Rule], alone: bool) -> Result<Vec<Box<dyn Engine>>> {
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(Ours::new(source)?)];
    if !alone {
        engines.push(Box::new(Library::new(rules)?));
        engines.push(Box::new(WholeText::new(rules)?));
    }
    Ok(engines)
}

/// The product: with the built-in pack detectors and all, with a file its rules alone.
struct Ours {
    redactor: Redactor,
    scratch: Scratch,
}

impl Ours {
    fn new(source: &Source) -> Result<Self> {
        let mut config = RedactorConfig::default();
        if let Source::File(name, text) = source {
            config.builtin = false;
            config.gitleaks = vec![(name.clone(), text.clone())];
        }
        let (redactor, _) = Redactor::new(config)
            .map_err(|problems| anyhow!("the rules have {} problems", problems.len()))?;
        let scratch = redactor.scratch();
        Ok(Self { redactor, scratch })
    }
}

impl Engine for Ours {
    fn name(&self) -> &'static str {
        "chaperone"
    }

    fn is_slow(&self) -> bool {
        false
    }

    fn redact(&mut self, text: &str) -> Result<bool> {
        let sealed = self.redactor.seal_text(text.as_bytes(), &mut self.scratch);
        Ok(sealed.is_some())
    }
}

/// `dd-sensitive-data-scanner`: each pattern is a rule whose matches are replaced. It is given no
/// proximity keywords: ours begin the secret, and it wants them before it.
struct Library(Scanner);

impl Library {
    fn new(rules: &[Rule]) -> Result<Self> {
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| {
                let action = MatchAction::Redact {
                    replacement: "[REDACTED]".to_owned(),
                };
                RootRuleConfig::new(RegexRuleConfig::new(&rule.pattern).build())
                    .match_action(action)
            })
            .collect();
        let scanner = Scanner::builder(&rules).build();
        Ok(Self(scanner.map_err(|error| {
            anyhow!("dd-sensitive-data-scanner: {error:?}")
        })?))
    }
}

impl Engine for Library {
    fn name(&self) -> &'static str {
        "dd-sensitive-data-scanner"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn redact(&mut self, text: &str) -> Result<bool> {
        let mut event = text.to_owned();
        let matches = self.0.scan(&mut event);
        let matches = matches.map_err(|error| anyhow!("dd-sensitive-data-scanner: {error:?}"))?;
        Ok(!matches.is_empty())
    }
}

/// The algorithm of gitleaks: one automaton over the keywords, then every rule that has one of
/// them in the text over all of it. It only finds; the rewriting would come on top.
struct WholeText {
    automaton: AhoCorasick,
    /// By pattern of the automaton.
    owner: Vec<usize>,
    patterns: Vec<Regex>,
    seen: Vec<bool>,
}

impl WholeText {
    fn new(rules: &[Rule]) -> Result<Self> {
        let (mut keywords, mut owner) = (Vec::new(), Vec::new());
        for (number, rule) in rules.iter().enumerate() {
            keywords.extend(rule.keywords.iter());
            owner.resize(keywords.len(), number);
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&keywords)?;
        let patterns = rules.iter().map(|rule| {
            RegexBuilder::new(&rule.pattern)
                .unicode(false)
                .size_limit(32 << 20)
                .build()
        });
        Ok(Self {
            automaton,
            owner,
            patterns: patterns.collect::<Result<_, _>>()?,
            seen: vec![false; rules.len()],
        })
    }
}

impl Engine for WholeText {
    fn name(&self) -> &'static str {
        "gitleaks algorithm"
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn redact(&mut self, text: &str) -> Result<bool> {
        self.seen.fill(false);
        for hit in self.automaton.find_overlapping_iter(text) {
            self.seen[self.owner[hit.pattern().as_usize()]] = true;
        }
        let mut found = 0;
        for (pattern, _) in self
            .patterns
            .iter()
            .zip(&self.seen)
            .filter(|(_, seen)| **seen)
        {
            found += pattern.find_iter(text.as_bytes()).count();
        }
        Ok(found > 0)
    }
}
