//! Conditions as shared nodes, and their evaluation from the atoms that are true.

use super::{NodeId, RuleNumber};

/// A node of the graph. Atoms have no parts: whether they hold is told from outside.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Atom,
    And(Box<[NodeId]>),
    Or(Box<[NodeId]>),
    Not(NodeId),
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    /// For each node what to look at when it turns true.
    wakes: Vec<Wakes>,
    /// Conditions that can hold although no atom is true: they are evaluated for every event.
    always: Vec<(NodeId, RuleNumber)>,
    /// Rules whose condition is true of everything.
    constant: Vec<RuleNumber>,
}

#[derive(Debug, Default, Clone)]
struct Wakes {
    nodes: Vec<NodeId>,
    rules: Vec<RuleNumber>,
}

/// The truth of nodes for one event. `round` makes clearing free.
#[derive(Debug, Default)]
pub(super) struct State {
    round: u32,
    /// `2 * round` false, `2 * round + 1` true, anything else unknown.
    known: Vec<u32>,
    woken: Vec<u32>,
    atoms: Vec<NodeId>,
}

impl State {
    /// Forgets the previous event.
    pub(super) fn begin(&mut self, nodes: usize) {
        self.atoms.clear();
        if self.known.len() < nodes || self.round >= u32::MAX / 2 - 1 {
            self.known = vec![0; nodes];
            self.woken = vec![0; nodes];
            self.round = 0;
        }
        self.round += 1;
    }

    /// An atom is true.
    #[inline]
    pub(super) fn set(&mut self, atom: NodeId) {
        let known = &mut self.known[atom as usize];
        if *known != 2 * self.round + 1 {
            *known = 2 * self.round + 1;
            self.atoms.push(atom);
        }
    }

    fn get(&self, node: NodeId) -> Option<bool> {
        let known = self.known[node as usize];
        (known / 2 == self.round).then_some(known % 2 == 1)
    }

    fn learn(&mut self, node: NodeId, value: bool) {
        self.known[node as usize] = 2 * self.round + u32::from(value);
    }
}

impl Graph {
    /// Builds the wake lists. `roots` names each rule's condition; None: true of everything.
    pub(super) fn new(mut nodes: Vec<Node>, roots: &[Option<NodeId>]) -> Self {
        let guarded = guarded(&nodes);
        let uses = uses(&nodes, roots);
        let costs = costs(&nodes, &uses);
        for node in &mut nodes {
            if let Node::And(parts) = node {
                parts.sort_by_key(|part| costs[*part as usize]);
            }
        }
        let mut graph = Self {
            wakes: vec![Wakes::default(); nodes.len()],
            nodes,
            ..Self::default()
        };
        let mut seen = vec![false; graph.nodes.len()];
        for (rule, root) in roots.iter().enumerate() {
            let rule = rule as RuleNumber;
            match *root {
                None => graph.constant.push(rule),
                Some(root) if guarded[root as usize] => {
                    graph.wakes[root as usize].rules.push(rule);
                    graph.watch(root, &guarded, &mut seen);
                }
                Some(root) => graph.always.push((root, rule)),
            }
        }
        graph
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Arranges that a guarded node is looked at when it may have turned true.
    fn watch(&mut self, node: NodeId, guarded: &[bool], seen: &mut [bool]) {
        if std::mem::replace(&mut seen[node as usize], true) {
            return;
        }
        let watched: Vec<NodeId> = match &self.nodes[node as usize] {
            Node::Atom | Node::Not(_) => return,
            // Parts are ordered by cost, so the first guarded one is the rarest.
            Node::And(parts) => {
                let rarest = parts.iter().find(|part| guarded[**part as usize]);
                rarest.into_iter().copied().collect()
            }
            Node::Or(parts) => parts.to_vec(),
        };
        for part in watched {
            self.wakes[part as usize].nodes.push(node);
            self.watch(part, guarded, seen);
        }
    }

    /// Tells every rule that holds, once.
    pub(super) fn resolve(&self, state: &mut State, mut found: impl FnMut(RuleNumber)) {
        self.constant.iter().for_each(|rule| found(*rule));
        let atoms = std::mem::take(&mut state.atoms);
        for atom in &atoms {
            self.wake(*atom, state, &mut found);
        }
        state.atoms = atoms;
        for (root, rule) in &self.always {
            if self.evaluate(*root, state) {
                found(*rule);
            }
        }
    }

    /// A node is true: looks at what waits for it.
    fn wake(&self, node: NodeId, state: &mut State, found: &mut impl FnMut(RuleNumber)) {
        let wakes = &self.wakes[node as usize];
        wakes.rules.iter().for_each(|rule| found(*rule));
        for waiting in &wakes.nodes {
            if state.woken[*waiting as usize] != state.round && self.evaluate(*waiting, state) {
                state.woken[*waiting as usize] = state.round;
                self.wake(*waiting, state, found);
            }
        }
    }

    /// The truth of a node from the truth of the atoms; each node is computed at most once an event.
    fn evaluate(&self, node: NodeId, state: &mut State) -> bool {
        if let Some(known) = state.get(node) {
            return known;
        }
        let value = match &self.nodes[node as usize] {
            Node::Atom => false,
            Node::And(parts) => parts.iter().all(|part| self.evaluate(*part, state)),
            Node::Or(parts) => parts.iter().any(|part| self.evaluate(*part, state)),
            Node::Not(inner) => !self.evaluate(*inner, state),
        };
        state.learn(node, value);
        value
    }
}

/// Whether a node can only hold if some atom is true. Parts stand before the nodes that use them.
fn guarded(nodes: &[Node]) -> Vec<bool> {
    let mut out: Vec<bool> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let guarded = match node {
            Node::Atom => true,
            Node::And(parts) => parts.iter().any(|part| out[*part as usize]),
            Node::Or(parts) => parts.iter().all(|part| out[*part as usize]),
            Node::Not(_) => false,
        };
        out.push(guarded);
    }
    out
}

/// How many conditions use a node: authors use often what is true often.
fn uses(nodes: &[Node], roots: &[Option<NodeId>]) -> Vec<u64> {
    let mut uses = vec![0; nodes.len()];
    for root in roots.iter().flatten() {
        uses[*root as usize] += 1;
    }
    for node in nodes {
        match node {
            Node::Atom => {}
            Node::And(parts) | Node::Or(parts) => {
                parts.iter().for_each(|part| uses[*part as usize] += 1);
            }
            Node::Not(inner) => uses[*inner as usize] += 1,
        }
    }
    uses
}

/// An estimate of how often a node is true; only the order matters.
fn costs(nodes: &[Node], uses: &[u64]) -> Vec<u64> {
    let mut out: Vec<u64> = Vec::with_capacity(nodes.len());
    for (node, uses) in nodes.iter().zip(uses) {
        let cost = match node {
            Node::Atom => *uses,
            Node::And(parts) => parts
                .iter()
                .map(|part| out[*part as usize])
                .min()
                .unwrap_or(0),
            Node::Or(parts) => parts
                .iter()
                .fold(0u64, |sum, part| sum.saturating_add(out[*part as usize])),
            // A negation is nearly always true: look at it last.
            Node::Not(_) => u64::MAX / 2,
        };
        out.push(cost);
    }
    out
}
