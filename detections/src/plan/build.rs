//! From conditions to the plan: interning of fields, atoms and nodes.

use rustc_hash::FxHashMap;

use super::costly::{self, Costly};
use super::graph::{self, Graph, Node};
use super::sample::Sample;
use super::slot::SlotBuilder;
use super::{LOGSOURCE, Names, Needs, NodeId, Plan, literal};
use crate::expr::{Atom, Expr, Test};
use crate::pattern::Pattern;
use crate::rule::LogSource;

/// A condition after constants are folded away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Always,
    Never,
    Node(NodeId),
}

/// Builds a [`Plan`] rule by rule.
#[derive(Debug)]
pub(crate) struct Builder {
    names: Names,
    slots: Vec<SlotBuilder>,
    keywords: Option<SlotBuilder>,
    costly: Vec<Costly>,
    /// Tests for short texts, until it is known how they are run.
    short: Vec<(NodeId, Atom)>,
    nodes: Vec<Node>,
    atoms: FxHashMap<Atom, NodeId>,
    shared: FxHashMap<Node, NodeId>,
    sources: Vec<LogSource>,
    needs: Vec<Needs>,
    /// Each rule's condition; None: true of everything. A rule that can never hold has an `or`
    /// without parts.
    roots: Vec<Option<NodeId>>,
}

impl Default for Builder {
    fn default() -> Self {
        let mut builder = Self {
            names: Names::default(),
            slots: Vec::new(),
            keywords: None,
            costly: Vec::new(),
            short: Vec::new(),
            nodes: Vec::new(),
            atoms: FxHashMap::default(),
            shared: FxHashMap::default(),
            sources: Vec::new(),
            needs: Vec::new(),
            roots: Vec::new(),
        };
        for field in LOGSOURCE {
            builder.slot(field);
        }
        builder
    }
}

impl Builder {
    /// Adds a rule; its number is the count of rules before it. Some(truth) where the condition is
    /// true, or false, of every event.
    pub(crate) fn add(&mut self, condition: &Expr, source: &LogSource) -> Option<bool> {
        let mut needs = Needs::default();
        condition.atoms(&mut |atom| self.need(atom, &mut needs));
        needs.slots.sort_unstable();
        needs.slots.dedup();
        let part = self.part(condition);
        let root = match part {
            Part::Always => None,
            Part::Never => Some(self.share(Node::Or(Box::default()))),
            Part::Node(node) => Some(node),
        };
        self.roots.push(root);
        self.needs.push(needs);
        self.sources.push(source.clone());
        match part {
            Part::Always => Some(true),
            Part::Never => Some(false),
            Part::Node(_) => None,
        }
    }

    /// The error says that a field's literals are too many for one automaton.
    pub(crate) fn finish(mut self) -> Result<Plan, aho_corasick::BuildError> {
        self.test_short();
        let costs: Vec<u8> = self.costly.iter().map(Costly::cost).collect();
        let mut sample = Sample::default();
        let slots = self.slots.iter().chain(&self.keywords);
        slots.for_each(|slot| slot.sample(&mut sample));
        let finish = |slot: SlotBuilder| slot.finish(&sample);
        let slots: Result<Vec<_>, _> = self.slots.into_iter().map(finish).collect();
        let keywords = self.keywords.map(finish).transpose()?;
        Ok(Plan {
            names: self.names,
            slots: slots?,
            keywords,
            costly: self.costly,
            graph: Graph::new(self.nodes, self.roots, &costs),
            sources: self.sources,
            needs: self.needs,
            sample,
        })
    }

    fn need(&mut self, atom: &Atom, needs: &mut Needs) {
        match &atom.field {
            None => {
                needs.keywords = true;
                // Also where no test is a cheap one: it has every value kept.
                self.keywords.get_or_insert_default();
            }
            Some(field) => needs.slots.push(self.slot(field)),
        }
        if let Test::Field { other, .. } = &atom.test {
            needs.slots.push(self.slot(other));
        }
    }

    fn slot(&mut self, field: &str) -> u32 {
        let slot = self.names.intern(field, self.slots.len() as u32);
        if slot as usize == self.slots.len() {
            self.slots.push(SlotBuilder::default());
        }
        slot
    }

    fn part(&mut self, expr: &Expr) -> Part {
        match expr {
            Expr::Atom(atom) => Part::Node(self.atom(atom)),
            Expr::Named(_, inner) => self.part(inner),
            Expr::Not(inner) => match self.part(inner) {
                Part::Always => Part::Never,
                Part::Never => Part::Always,
                Part::Node(node) => Part::Node(match self.nodes[node as usize] {
                    Node::Not(inner) => inner,
                    _ => self.share(Node::Not(node)),
                }),
            },
            Expr::And(parts) => self.join(parts, Part::Always, Part::Never, Node::And),
            Expr::Or(parts) => self.join(parts, Part::Never, Part::Always, Node::Or),
        }
    }

    /// `neutral` parts are left out, one `decisive` part decides.
    fn join(
        &mut self,
        parts: &[Expr],
        neutral: Part,
        decisive: Part,
        make: fn(Box<[NodeId]>) -> Node,
    ) -> Part {
        let mut nodes = Vec::with_capacity(parts.len());
        for part in parts {
            match self.part(part) {
                part if part == decisive => return decisive,
                Part::Node(node) => nodes.push(node),
                _ => {}
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        // `x and not x` never holds, `x or not x` always does.
        let negated = |node: &NodeId| match self.nodes[*node as usize] {
            Node::Not(inner) => nodes.binary_search(&inner).is_ok(),
            _ => false,
        };
        if nodes.iter().any(negated) {
            return decisive;
        }
        match nodes.as_slice() {
            [] => neutral,
            [node] => Part::Node(*node),
            _ => Part::Node(self.share(make(nodes.into()))),
        }
    }

    fn share(&mut self, node: Node) -> NodeId {
        let next = self.nodes.len() as NodeId;
        *self.shared.entry(node).or_insert_with_key(|node| {
            self.nodes.push(node.clone());
            next
        })
    }

    fn atom(&mut self, atom: &Atom) -> NodeId {
        if let Some(known) = self.atoms.get(atom) {
            return *known;
        }
        let id = match costly::Kind::of(&atom.test) {
            costly::Kind::Cheap => {
                let id = self.node(Node::Atom);
                self.test_always(atom, id);
                id
            }
            costly::Kind::Short => match Costly::new(atom, |field| self.slot(field)) {
                Some(test) => {
                    let id = self.asked_for(test);
                    self.short.push((id, atom.clone()));
                    id
                }
                None => self.share(Node::Or(Box::default())),
            },
            costly::Kind::Costly => self.costly(atom),
        };
        self.atoms.insert(atom.clone(), id);
        id
    }

    fn node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        (self.nodes.len() - 1) as NodeId
    }

    /// A test that is run when a condition asks for it.
    fn asked_for(&mut self, test: Costly) -> NodeId {
        self.costly.push(test);
        self.node(Node::Costly(self.costly.len() as u32 - 1))
    }

    /// Has a test decided for every value of its field.
    fn test_always(&mut self, atom: &Atom, id: NodeId) {
        let slot = match &atom.field {
            None => self.keywords.get_or_insert_default(),
            Some(field) => {
                let slot = self.slot(field);
                &mut self.slots[slot as usize]
            }
        };
        slot.add(&atom.test, id);
    }

    /// Short texts are asked for where something else has to be true too. Where a condition can
    /// hold on them alone, they are looked for in every value: else it would have to be evaluated
    /// for every event.
    fn test_short(&mut self) {
        let guarded = graph::guarded(&self.nodes);
        let unguarded = self.roots.iter().flatten().copied();
        let unguarded = unguarded.filter(|root| !guarded[*root as usize]);
        let below = graph::below(&self.nodes, unguarded);
        for (id, atom) in std::mem::take(&mut self.short) {
            if below.has(id as usize) {
                self.nodes[id as usize] = Node::Atom;
                self.test_always(&atom, id);
            }
        }
    }

    /// A costly test, behind the literals that it needs, or at least behind a value.
    fn costly(&mut self, atom: &Atom) -> NodeId {
        let text = |pattern| {
            Expr::Atom(Atom {
                field: atom.field.clone(),
                test: Test::Text {
                    pattern,
                    cased: false,
                },
            })
        };
        let contains = |literal: String| text(Pattern::literal(&literal).open_start().open_end());
        let required = literal::of_test(&atom.test).into_iter();
        let mut gates: Vec<Expr> = required
            .map(|texts| Expr::Or(texts.into_iter().map(contains).collect()))
            .collect();
        if gates.is_empty() {
            gates.push(text(Pattern::default().open_end()));
        }
        let mut parts: Vec<NodeId> = gates
            .iter()
            .filter_map(|gate| match self.part(gate) {
                Part::Node(node) => Some(node),
                _ => None,
            })
            .collect();
        let Some(test) = Costly::new(atom, |field| self.slot(field)) else {
            return self.share(Node::Or(Box::default()));
        };
        parts.push(self.asked_for(test));
        parts.sort_unstable();
        self.share(Node::And(parts.into()))
    }
}
