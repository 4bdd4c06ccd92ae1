//! Conditions as shared nodes, and their evaluation from the atoms that are true.

use super::{Bits, NodeId, RuleNumber};

/// A node of the graph while it is built. Atoms have no parts: whether they hold is told from
/// outside. Costly tests are asked for when everything else has not decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Atom,
    /// The number of the test, which the caller runs.
    Costly(u32),
    And(Box<[NodeId]>),
    Or(Box<[NodeId]>),
    Not(NodeId),
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Box<[Compiled]>,
    /// The parts of all nodes.
    parts: Box<[NodeId]>,
    /// For each node the nodes to look at when it turns true.
    waiting: Lists<NodeId>,
    /// For each node the rules whose condition it is.
    rules: Lists<RuleNumber>,
    /// Each rule's condition; None: true of everything.
    roots: Vec<Option<NodeId>>,
    /// Conditions that can hold although no atom is true: they are evaluated for every event.
    always: Vec<(NodeId, RuleNumber)>,
    /// Rules whose condition is true of everything.
    constant: Vec<RuleNumber>,
}

/// A node with its parts in the common list.
#[derive(Debug, Clone, Copy)]
enum Compiled {
    Atom,
    Costly(u32),
    And { first: u32, count: u32 },
    Or { first: u32, count: u32 },
    Not(NodeId),
}

/// A list for each of many keys, in one piece of memory.
#[derive(Debug, Default)]
struct Lists<T> {
    /// Where each list begins; one more at the end.
    starts: Box<[u32]>,
    items: Box<[T]>,
}

impl<T: Copy + Default> Lists<T> {
    fn new(keys: usize, pairs: &[(u32, T)]) -> Self {
        let mut starts = vec![0u32; keys + 1];
        for (key, _) in pairs {
            starts[*key as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut items = vec![T::default(); pairs.len()];
        for (key, item) in pairs {
            let at = &mut next[*key as usize];
            items[*at as usize] = *item;
            *at += 1;
        }
        Self {
            starts: starts.into(),
            items: items.into(),
        }
    }

    fn of(&self, key: u32) -> &[T] {
        let (start, end) = (self.starts[key as usize], self.starts[key as usize + 1]);
        &self.items[start as usize..end as usize]
    }
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
    /// Orders parts and builds the wake lists. `roots` names each rule's condition; None: true of
    /// everything; `costs` what each costly test costs.
    pub(super) fn new(nodes: Vec<Node>, roots: Vec<Option<NodeId>>, costs: &[u8]) -> Self {
        let mut build = Build::new(nodes, &roots, costs);
        build.order();
        let mut graph = Self::default();
        let mut rules = Vec::new();
        for (rule, root) in roots.iter().enumerate() {
            let rule = rule as RuleNumber;
            match *root {
                None => graph.constant.push(rule),
                Some(root) if build.guarded[root as usize] => {
                    rules.push((root, rule));
                    build.watch(root);
                }
                Some(root) => graph.always.push((root, rule)),
            }
        }
        graph.waiting = Lists::new(build.nodes.len(), &build.waiting);
        graph.rules = Lists::new(build.nodes.len(), &rules);
        graph.roots = roots;
        (graph.nodes, graph.parts) = compile(&build.nodes);
        graph
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Everything that the conditions of some rules look at.
    pub(super) fn below(&self, rules: impl Iterator<Item = RuleNumber>) -> Bits {
        let roots = rules.filter_map(|rule| self.roots[rule as usize]);
        reach(self.nodes.len(), roots, |node, open| {
            match self.nodes[node as usize] {
                Compiled::Atom | Compiled::Costly(_) => {}
                Compiled::And { first, count } | Compiled::Or { first, count } => {
                    open.extend(self.parts(first, count));
                }
                Compiled::Not(inner) => open.push(inner),
            }
        })
    }

    /// The costly tests among some nodes.
    pub(super) fn costly<'a>(&'a self, nodes: &'a Bits) -> impl Iterator<Item = u32> + 'a {
        let nodes = self
            .nodes
            .iter()
            .enumerate()
            .filter(|(at, _)| nodes.has(*at));
        nodes.filter_map(|(_, node)| match node {
            Compiled::Costly(test) => Some(*test),
            _ => None,
        })
    }

    fn parts(&self, first: u32, count: u32) -> &[NodeId] {
        &self.parts[first as usize..(first + count) as usize]
    }

    /// Tells every rule that holds, once. Only nodes that are `wanted` are looked at; `costly`
    /// runs a test.
    pub(super) fn resolve(
        &self,
        state: &mut State,
        wanted: Option<&Bits>,
        costly: impl FnMut(u32) -> bool,
        found: impl FnMut(RuleNumber),
    ) {
        let atoms = std::mem::take(&mut state.atoms);
        let mut resolve = Resolve {
            graph: self,
            state,
            wanted,
            costly,
            found,
        };
        self.constant.iter().for_each(|rule| (resolve.found)(*rule));
        for atom in &atoms {
            resolve.wake(*atom);
        }
        for (root, rule) in &self.always {
            if resolve.wants(*root) && resolve.evaluate(*root) {
                (resolve.found)(*rule);
            }
        }
        state.atoms = atoms;
    }
}

fn compile(nodes: &[Node]) -> (Box<[Compiled]>, Box<[NodeId]>) {
    let mut all = Vec::new();
    let mut list = |parts: &[NodeId]| {
        let first = all.len() as u32;
        all.extend_from_slice(parts);
        (first, parts.len() as u32)
    };
    let compiled = nodes.iter().map(|node| match node {
        Node::Atom => Compiled::Atom,
        Node::Costly(test) => Compiled::Costly(*test),
        Node::And(parts) => {
            let (first, count) = list(parts);
            Compiled::And { first, count }
        }
        Node::Or(parts) => {
            let (first, count) = list(parts);
            Compiled::Or { first, count }
        }
        Node::Not(inner) => Compiled::Not(*inner),
    });
    let compiled = compiled.collect();
    (compiled, all.into())
}

/// One event's evaluation.
struct Resolve<'a, C, F> {
    graph: &'a Graph,
    state: &'a mut State,
    wanted: Option<&'a Bits>,
    costly: C,
    found: F,
}

impl<C: FnMut(u32) -> bool, F: FnMut(RuleNumber)> Resolve<'_, C, F> {
    fn wants(&self, node: NodeId) -> bool {
        self.wanted.is_none_or(|wanted| wanted.has(node as usize))
    }

    /// A node is true: looks at what waits for it.
    fn wake(&mut self, node: NodeId) {
        let graph = self.graph;
        for rule in graph.rules.of(node) {
            (self.found)(*rule);
        }
        for waiting in graph.waiting.of(node) {
            if self.state.woken[*waiting as usize] != self.state.round
                && self.wants(*waiting)
                && self.evaluate(*waiting)
            {
                self.state.woken[*waiting as usize] = self.state.round;
                self.wake(*waiting);
            }
        }
    }

    /// The truth of a node from the truth of the atoms; each node is computed at most once an event.
    fn evaluate(&mut self, node: NodeId) -> bool {
        if let Some(known) = self.state.get(node) {
            return known;
        }
        let graph = self.graph;
        let value = match graph.nodes[node as usize] {
            Compiled::Atom => false,
            Compiled::Costly(test) => (self.costly)(test),
            Compiled::And { first, count } => {
                let mut parts = graph.parts(first, count).iter();
                parts.all(|part| self.evaluate(*part))
            }
            Compiled::Or { first, count } => {
                let mut parts = graph.parts(first, count).iter();
                parts.any(|part| self.evaluate(*part))
            }
            Compiled::Not(inner) => !self.evaluate(inner),
        };
        self.state.learn(node, value);
        value
    }
}

/// What is known of the nodes while wake lists are built. Parts stand before what uses them.
struct Build {
    nodes: Vec<Node>,
    /// See [`guarded`].
    guarded: Vec<bool>,
    /// The costliest test that deciding a node may run.
    cost: Vec<u8>,
    /// An estimate of how often a node is true; only the order matters.
    commonness: Vec<u64>,
    watched: Vec<bool>,
    waiting: Vec<(NodeId, NodeId)>,
}

impl Build {
    fn new(nodes: Vec<Node>, roots: &[Option<NodeId>], costs: &[u8]) -> Self {
        let guarded = guarded(&nodes);
        let cost = each(&nodes, |node, cost: &[u8]| match node {
            Node::Atom => 0,
            Node::Costly(test) => costs[*test as usize],
            Node::Not(inner) => cost[*inner as usize],
            Node::And(parts) | Node::Or(parts) => {
                let parts = parts.iter().map(|part| cost[*part as usize]);
                parts.max().unwrap_or(0)
            }
        });
        let mut uses = uses(&nodes, roots).into_iter();
        let commonness = each(&nodes, |node, common: &[u64]| {
            let of = |part: &NodeId| common[*part as usize];
            let uses = uses.next().unwrap_or_default();
            match node {
                Node::Atom => uses,
                Node::And(parts) => parts.iter().map(of).min().unwrap_or(0),
                Node::Or(parts) => parts.iter().map(of).fold(0, u64::saturating_add),
                // Nearly always true, or not known: look at them last.
                Node::Costly(_) | Node::Not(_) => u64::MAX / 2,
            }
        });
        Self {
            watched: vec![false; nodes.len()],
            waiting: Vec::new(),
            nodes,
            guarded,
            cost,
            commonness,
        }
    }

    /// What decides soonest and costs least comes first.
    fn order(&mut self) {
        for node in &mut self.nodes {
            if let Node::And(parts) | Node::Or(parts) = node {
                parts.sort_by_key(|part| {
                    (self.cost[*part as usize], self.commonness[*part as usize])
                });
            }
        }
    }

    /// Arranges that a guarded node is looked at when it may have turned true.
    fn watch(&mut self, node: NodeId) {
        if std::mem::replace(&mut self.watched[node as usize], true) {
            return;
        }
        let watched: Vec<NodeId> = match &self.nodes[node as usize] {
            Node::Atom | Node::Costly(_) | Node::Not(_) => return,
            Node::And(parts) => {
                let guarded = parts.iter().filter(|part| self.guarded[**part as usize]);
                let rarest = guarded.min_by_key(|part| self.commonness[**part as usize]);
                rarest.into_iter().copied().collect()
            }
            Node::Or(parts) => parts.to_vec(),
        };
        for part in watched {
            self.waiting.push((part, node));
            self.watch(part);
        }
    }
}

/// Whether a node can only hold if some atom is true.
pub(super) fn guarded(nodes: &[Node]) -> Vec<bool> {
    each(nodes, |node, guarded: &[bool]| match node {
        Node::Atom => true,
        Node::Costly(_) | Node::Not(_) => false,
        Node::And(parts) => parts.iter().any(|part| guarded[*part as usize]),
        Node::Or(parts) => parts.iter().all(|part| guarded[*part as usize]),
    })
}

/// Some nodes and everything that they are made of.
pub(super) fn below(nodes: &[Node], roots: impl Iterator<Item = NodeId>) -> Bits {
    reach(nodes.len(), roots, |node, open| {
        match &nodes[node as usize] {
            Node::Atom | Node::Costly(_) => {}
            Node::And(parts) | Node::Or(parts) => open.extend(&**parts),
            Node::Not(inner) => open.push(*inner),
        }
    })
}

/// What can be reached from some nodes; `parts` appends the parts of a node.
fn reach(
    nodes: usize,
    roots: impl Iterator<Item = NodeId>,
    parts: impl Fn(NodeId, &mut Vec<NodeId>),
) -> Bits {
    let mut seen = Bits::new(nodes);
    let mut open: Vec<NodeId> = roots.collect();
    while let Some(node) = open.pop() {
        if !seen.has(node as usize) {
            seen.set(node as usize);
            parts(node, &mut open);
        }
    }
    seen
}

/// A property of every node, from the properties of the nodes before it.
fn each<T>(nodes: &[Node], mut of: impl FnMut(&Node, &[T]) -> T) -> Vec<T> {
    let mut out = Vec::with_capacity(nodes.len());
    for node in nodes {
        let value = of(node, &out);
        out.push(value);
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
            Node::Atom | Node::Costly(_) => {}
            Node::And(parts) | Node::Or(parts) => {
                parts.iter().for_each(|part| uses[*part as usize] += 1);
            }
            Node::Not(inner) => uses[*inner as usize] += 1,
        }
    }
    uses
}
