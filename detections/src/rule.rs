//! The documents of Sigma as types: rules, correlations and filters.
//!
//! START here to understand the crate. A file holds YAML documents; [`parse`](crate::parse) turns
//! each into one of these, [`RuleSet`](crate::RuleSet) compiles all of them into one structure,
//! a [`Matcher`](crate::Matcher) holds events against it, and a
//! [`Correlator`](crate::Correlator) turns matches into alerts.

use crate::correlation::Correlation;
use crate::expr::Expr;
use crate::problem::Place;

/// How bad it is. Ordered: `Informational < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// For the record.
    Informational,
    /// Rarely worth a look alone.
    Low,
    /// Worth a look. Also the level of a rule that names none.
    #[default]
    Medium,
    /// Someone should act.
    High,
    /// Someone must act now.
    Critical,
}

impl Level {
    /// Every level, ascending.
    pub const ALL: [Self; 5] = [
        Self::Informational,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The name in rules, alerts and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads a level's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// `event.severity` of an alert: 1 to 99, as Elastic's risk scores use it.
    pub fn severity(self) -> i64 {
        match self {
            Self::Informational => 1,
            Self::Low => 21,
            Self::Medium => 47,
            Self::High => 73,
            Self::Critical => 99,
        }
    }
}

/// Which events a rule is about. A part that is None means any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct LogSource {
    /// Activity class: `agent_session`, `code_change`, …
    pub category: Option<String>,
    /// Vendor: `github`, `okta`, …
    pub product: Option<String>,
    /// Stream: `audit`, `webhook`, …
    pub service: Option<String>,
}

impl LogSource {
    /// Whether a rule for `self` is about events of these parts (empty text: the event has none).
    pub fn admits(&self, category: &str, product: &str, service: &str) -> bool {
        let agrees =
            |part: &Option<String>, value| part.as_deref().is_none_or(|part| part == value);
        agrees(&self.category, category)
            && agrees(&self.product, product)
            && agrees(&self.service, service)
    }

    /// Whether `self` is the same as `other` or broader.
    pub fn covers(&self, other: &Self) -> bool {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        self.admits(
            &text(&other.category),
            &text(&other.product),
            &text(&other.service),
        )
    }
}

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Holds for single events.
    Rule,
    /// Holds for several matches together.
    Correlation,
}

/// What a rule or a correlation says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleMeta {
    /// The `id`, else the `name`, else one made of the title; unique in a set.
    pub id: String,
    /// The reference name that correlations may use.
    pub name: Option<String>,
    /// One line for people.
    pub title: String,
    /// Severity of its alerts.
    pub level: Level,
    /// `stable`, `test`, `experimental`, `deprecated`, `unsupported`.
    pub status: Option<String>,
    /// What it finds and why that matters.
    pub description: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Addresses to read on.
    pub references: Vec<String>,
    /// `attack.t1078` and others.
    pub tags: Vec<String>,
    /// What can set it off without being an attack.
    pub falsepositives: Vec<String>,
    /// Fields that an analyst wants to see.
    pub fields: Vec<String>,
    /// Which events it is about; all None for a correlation.
    pub logsource: LogSource,
    /// Rule or correlation.
    pub kind: Kind,
    /// The file it came from.
    pub path: String,
    /// The line where its document starts.
    pub line: usize,
}

/// A rule for single events.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) meta: RuleMeta,
    /// The condition with every selection written out.
    pub(crate) condition: Expr,
    pub(crate) place: Place,
}

/// A correlation and what it says about itself.
#[derive(Debug, Clone)]
pub(crate) struct CorrelationRule {
    pub(crate) meta: RuleMeta,
    pub(crate) correlation: Correlation,
}

/// A filter: a condition that is added to the rules it names.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) title: String,
    pub(crate) logsource: LogSource,
    /// None: any rule whose logsource the filter's covers.
    pub(crate) rules: Option<Vec<(String, Place)>>,
    pub(crate) condition: Expr,
    pub(crate) path: String,
}

/// One document of a file.
#[derive(Debug, Clone)]
pub(crate) enum Document {
    Rule(Box<Rule>),
    Correlation(Box<CorrelationRule>),
    Filter(Box<Filter>),
}
