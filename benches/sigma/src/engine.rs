//! The engines under test, behind one trait: JSON text in, rules that hold out.
//!
//! Every engine gets the same text and parses it into its own form, because that is what a user of
//! it pays. What each returns is its own as well: rsigma-eval builds a result with title, tags and
//! matched fields for each match, ours and sigma-rust name the rule. Only matches cost that, and
//! the lanes have few.

mod ours;
mod rsigma;
mod sigma_rust;

use chaperone_detections::RuleFile;

/// An engine with its rules loaded.
pub(crate) trait Engine {
    /// How many rules it took.
    fn rules(&self) -> usize;

    /// Parses the text and drops the result: the floor under [`Engine::count`].
    fn parse(&self, text: &str);

    /// Parses the text and returns how many rules hold.
    fn count(&mut self, text: &str) -> usize;

    /// Parses the text and returns the ids of the rules that hold, sorted.
    fn ids(&mut self, text: &str) -> Vec<String>;
}

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// `chaperone-detections`. Whether it routes is the event's business: it does where the event
    /// names a logsource.
    Ours,
    /// `rsigma-eval` without its logsource routing.
    Rsigma,
    /// `rsigma-eval` with its logsource extractor set.
    RsigmaRouted,
    /// `sigma-rust`, one rule after the other.
    SigmaRust,
}

impl Kind {
    /// As the engine's crate is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "chaperone",
            Self::Rsigma => "rsigma-eval",
            Self::RsigmaRouted => "rsigma-eval routed",
            Self::SigmaRust => "sigma-rust",
        }
    }

    /// As written on the command line.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Rsigma => "rsigma",
            Self::RsigmaRouted => "rsigma-routed",
            Self::SigmaRust => "sigma-rust",
        }
    }

    /// Loads the rules; those it cannot read are left out.
    pub(crate) fn load(self, files: &[RuleFile]) -> Box<dyn Engine> {
        match self {
            Self::Ours => Box::new(ours::Ours::load(files)),
            Self::Rsigma => Box::new(rsigma::Rsigma::load(files, false)),
            Self::RsigmaRouted => Box::new(rsigma::Rsigma::load(files, true)),
            Self::SigmaRust => Box::new(sigma_rust::SigmaRust::load(files)),
        }
    }
}
