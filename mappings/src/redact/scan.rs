//! One pass over a view that finds what must go.
//!
//! Running a hundred patterns over every text is a thousand times too slow, and one big set of them
//! is slower still. So all keywords are looked for at once ([`Keywords`]), and what a keyword stands for
//! ([`Action`]) looks only at the bytes around it: a prefix rule at the keyword itself, a window rule
//! at a window, and the hand-written detectors walk from the keyword by bytes. Windows of one rule
//! are merged, so no text makes a rule read a byte often.

use rustc_hash::FxHashMap;

use super::fingerprint::FingerprintKey;
use super::keywords::Keywords;
use super::rule::{Reach, Rule};
use super::view::View;
use super::{encoded, keyed, marker, reported, url};

/// What finds secrets without a pattern of their own, in the order of [`Detector`].
const DETECTORS: [&str; 9] = [
    "password",
    "secret-value",
    "url-password",
    "authorization",
    "cookie",
    "encoded-secret",
    "invalid-text",
    "oversized-text",
    "reported-secret",
];

/// A hand-written detector; its number is its place in the table of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detector {
    Password,
    Secret,
    Url,
    Authorization,
    Cookie,
    Encoded,
    InvalidText,
    OversizedText,
    Reported,
}

/// The fingerprint and the length of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) digest: [u8; 6],
    pub(super) length: usize,
}

/// A secret in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    /// Start in the view.
    pub(super) start: usize,
    /// End in the view.
    pub(super) end: usize,
    /// Index into the scanner's names.
    pub(super) name: usize,
    /// True where a fingerprint may stand for it.
    pub(super) fingerprint: bool,
    /// Set where the secret is not the text that is replaced: the plain form of an encoded one.
    pub(super) seal: Option<Seal>,
    /// How deep the quotes around it are escaped; only deeper quotes may lie in it.
    pub(super) depth: usize,
    /// Where the view has a quote to copy around the marker: a bare number becomes a string.
    pub(super) quote: Option<usize>,
}

impl Finding {
    /// A span that a detector found.
    pub(super) fn new(start: usize, end: usize, detector: Detector, fingerprint: bool) -> Self {
        Self {
            start,
            end,
            name: detector as usize,
            fingerprint,
            seal: None,
            depth: usize::MAX,
            quote: None,
        }
    }
}

/// A prefix rule that has tried so many times the text, and so many bytes more, goes on as a window
/// rule, which reads every byte once: runs of a keyword must not make it slow.
const SPENT_FACTOR: usize = 1;
const SPENT_FREE: usize = 1 << 16;

/// What to do where a keyword was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Rule(usize),
    Keyed,
    Url,
    Scheme,
    Report(usize),
}

/// What one rule is called and how strongly it claims a span.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// The name in markers.
    pub(super) text: String,
    /// The lowest names a span that several found.
    pub(super) rank: u8,
}

/// All rules, compiled for one pass.
pub(super) struct Scanner {
    keywords: Keywords,
    /// By keyword.
    actions: Vec<Vec<Action>>,
    rules: Vec<Rule>,
    everywhere: Vec<usize>,
    /// Detectors, then rules.
    pub(super) names: Vec<Name>,
    pub(super) key: FingerprintKey,
    detectors: bool,
}

/// Buffers of a scan, reused.
#[derive(Default)]
pub(super) struct Scan {
    /// What was found, in no order.
    pub(super) found: Vec<Finding>,
    done: Vec<usize>,
    spent: Vec<usize>,
    windows: Vec<Vec<(usize, usize)>>,
    touched: Vec<usize>,
    pub(super) markers: Vec<(usize, usize)>,
    keyed: keyed::Progress,
    /// By kind of report, whether it was looked at.
    reports: [bool; reported::KINDS],
    /// For the texts inside the text.
    pub(super) inner: Option<Box<Scan>>,
}

impl Scanner {
    /// Compiles the rules; with `detectors`, what finds secrets by their surroundings as well.
    pub(super) fn new(
        rules: Vec<Rule>,
        key: FingerprintKey,
        detectors: bool,
    ) -> Result<Self, String> {
        let mut keywords: Vec<String> = Vec::new();
        let mut actions: Vec<Vec<Action>> = Vec::new();
        let mut index: FxHashMap<String, usize> = FxHashMap::default();
        let mut add = |keyword: &str, action: Action| {
            let lower = keyword.to_ascii_lowercase();
            let at = *index.entry(lower.clone()).or_insert_with(|| {
                keywords.push(lower);
                actions.push(Vec::new());
                actions.len() - 1
            });
            if !actions[at].contains(&action) {
                actions[at].push(action);
            }
        };
        for (number, rule) in rules.iter().enumerate() {
            for keyword in &rule.keywords {
                add(keyword, Action::Rule(number));
            }
        }
        if detectors {
            keyed::KEYWORDS.iter().for_each(|k| add(k, Action::Keyed));
            url::SCHEMES.iter().for_each(|k| add(k, Action::Scheme));
            add("://", Action::Url);
            reported::keywords().for_each(|(number, k)| add(k, Action::Report(number)));
        }
        let keywords = Keywords::new(&keywords).map_err(|error| {
            format!("the keywords of all rules are too large together: {error}")
        })?;
        let detected = DETECTORS.iter().map(|name| Name {
            text: (*name).to_owned(),
            rank: 3,
        });
        let ruled = rules.iter().map(|rule| Name {
            text: rule.name.clone(),
            rank: rule.rank,
        });
        Ok(Self {
            keywords,
            actions,
            everywhere: (0..rules.len())
                .filter(|number| rules[*number].reach == Reach::Everywhere)
                .collect(),
            names: detected.chain(ruled).collect(),
            rules,
            key,
            detectors,
        })
    }

    /// Buffers for this scanner. The patterns are cloned into nothing here: they are shared.
    pub(super) fn buffers(&self) -> Scan {
        Scan {
            done: vec![0; self.rules.len()],
            spent: vec![0; self.rules.len()],
            windows: vec![Vec::new(); self.rules.len()],
            ..Scan::default()
        }
    }

    /// Finds everything in a view. `scan.found` holds the findings afterwards, markers excepted.
    pub(super) fn scan(&self, view: View<'_>, scan: &mut Scan) {
        self.scan_flat(view, scan);
        if self.detectors {
            encoded::scan(self, view, scan);
        }
        scan.spare_markers();
    }

    /// The same without what is encoded in the text.
    pub(super) fn scan_flat(&self, view: View<'_>, scan: &mut Scan) {
        scan.found.clear();
        scan.done.fill(0);
        scan.spent.fill(0);
        scan.keyed = keyed::Progress::default();
        scan.reports = [false; reported::KINDS];
        scan.markers.clear();
        scan.markers
            .extend(marker::markers(view.text).map(|marker| (marker.start, marker.end)));
        // What is a marker already is not read again.
        let mut from = 0;
        for place in 0..=scan.markers.len() {
            let end = (view.text.len(), view.text.len());
            let marker = scan.markers.get(place).copied().unwrap_or(end);
            let range = (from, marker.0);
            let mut found = |keyword: usize, start: usize, end: usize| {
                for action in &self.actions[keyword] {
                    self.act(*action, view, (start, end), scan);
                }
            };
            self.keywords.each(view.text, range, &mut found);
            from = marker.1;
        }
        self.search_windows(view.text, scan);
    }

    fn act(&self, action: Action, view: View<'_>, hit: (usize, usize), scan: &mut Scan) {
        match action {
            Action::Rule(number) => self.apply(number, view.text, hit, scan),
            Action::Keyed => keyed::examine(view, hit, &mut scan.keyed, &mut scan.found),
            Action::Url => url::examine(view, hit.0, &mut scan.found),
            Action::Scheme => url::examine_scheme(view.text, hit, &mut scan.found),
            Action::Report(number) => {
                if !std::mem::replace(&mut scan.reports[number], true) {
                    reported::examine(view, number, &mut scan.found);
                }
            }
        }
    }

    fn apply(&self, number: usize, text: &[u8], hit: (usize, usize), scan: &mut Scan) {
        let rule = &self.rules[number];
        let (start, end) = hit;
        match rule.reach {
            Reach::Prefix { after } => {
                if start < scan.done[number]
                    || (rule.exact_case && !rule.spells(&text[start..end]))
                    || (rule.word_start && start > 0 && text[start - 1].is_ascii_alphanumeric())
                {
                    return;
                }
                let end = text.len().min(start + after);
                scan.spent[number] += end - start;
                if scan.spent[number] > SPENT_FACTOR * text.len() + SPENT_FREE {
                    scan.add_window(number, (start, end));
                } else if let Some(hit) = rule.find(text, start, end) {
                    scan.done[number] = hit.end;
                    scan.found.push(self.finding(number, hit.start, hit.end));
                }
            }
            Reach::Window { before, after } => {
                let window = (start.saturating_sub(before), text.len().min(start + after));
                scan.add_window(number, window);
            }
            Reach::Everywhere => {}
        }
    }

    fn search_windows(&self, text: &[u8], scan: &mut Scan) {
        for number in std::mem::take(&mut scan.touched) {
            let mut windows = std::mem::take(&mut scan.windows[number]);
            for window in windows.drain(..) {
                self.search(number, text, window, &mut scan.found);
            }
            scan.windows[number] = windows;
        }
        for number in &self.everywhere {
            self.search(*number, text, (0, text.len()), &mut scan.found);
        }
    }

    fn search(&self, number: usize, text: &[u8], window: (usize, usize), found: &mut Vec<Finding>) {
        let (mut from, to) = window;
        while let Some(hit) = self.rules[number].search(text, from, to) {
            found.push(self.finding(number, hit.start, hit.end));
            from = hit.match_end.max(hit.start + 1);
        }
    }

    fn finding(&self, number: usize, start: usize, end: usize) -> Finding {
        Finding {
            name: DETECTORS.len() + number,
            fingerprint: self.rules[number].fingerprint,
            ..Finding::new(start, end, Detector::Secret, false)
        }
    }
}

impl Scan {
    fn add_window(&mut self, number: usize, window: (usize, usize)) {
        let windows = &mut self.windows[number];
        if windows.is_empty() {
            self.touched.push(number);
        }
        match windows.last_mut() {
            Some(last) if last.1 >= window.0 => last.1 = last.1.max(window.1),
            _ => windows.push(window),
        }
    }

    /// Cuts what is a marker already out of the findings.
    pub(super) fn spare_markers(&mut self) {
        if self.markers.is_empty() {
            return;
        }
        let mut spared = Vec::with_capacity(self.found.len());
        for finding in self.found.drain(..) {
            let mut rest = finding;
            let first = self.markers.partition_point(|m| m.1 <= finding.start);
            for marker in &self.markers[first..] {
                if marker.0 >= rest.end {
                    break;
                }
                if marker.0 > rest.start {
                    spared.push(Finding {
                        end: marker.0,
                        ..rest
                    });
                }
                rest.start = marker.1.min(rest.end);
            }
            if rest.start < rest.end {
                spared.push(rest);
            }
        }
        self.found = spared;
    }
}
