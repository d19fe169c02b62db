//! The spanning tree of a basis: parents, depths, children as linked lists.

/// No node.
const NONE: u32 = u32::MAX;

/// A node's place in the tree.
#[derive(Clone, Copy, Debug)]
struct Place {
    parent: u32,
    /// The arc to the parent.
    arc: u32,
    /// Whether that arc points to the parent.
    up: bool,
    depth: u32,
    first_child: u32,
    next: u32,
    previous: u32,
}

/// A tree over nodes `0..n` with root 0.
#[derive(Debug)]
pub(super) struct Tree {
    places: Vec<Place>,
    /// Of [`Self::visit`], kept for its room.
    stack: Vec<u32>,
}

/// The way from a node to its parent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) parent: u32,
    pub(super) arc: u32,
    pub(super) up: bool,
}

impl Tree {
    /// Nodes that [`Self::attach`] has yet to hang from the root.
    pub(super) fn bare(nodes: usize) -> Self {
        let alone = Place {
            parent: NONE,
            arc: NONE,
            up: true,
            depth: 0,
            first_child: NONE,
            next: NONE,
            previous: NONE,
        };
        Self { places: vec![alone; nodes], stack: Vec::new() }
    }

    /// Hangs a node that is nowhere yet from one that is in the tree.
    pub(super) fn attach(&mut self, node: u32, step: Step) {
        self.hang(node, step);
        self.at_mut(node).depth = self.at(step.parent).depth.saturating_add(1);
    }

    fn at(&self, node: u32) -> &Place {
        &self.places[node as usize]
    }

    fn at_mut(&mut self, node: u32) -> &mut Place {
        &mut self.places[node as usize]
    }

    /// The step from `node`, which is not the root, to its parent.
    pub(super) fn step(&self, node: u32) -> Step {
        let place = self.at(node);
        Step { parent: place.parent, arc: place.arc, up: place.up }
    }

    /// The node where the ways of two nodes to the root meet.
    pub(super) fn meeting(&self, mut a: u32, mut b: u32) -> u32 {
        while a != b {
            if self.at(a).depth >= self.at(b).depth {
                a = self.at(a).parent;
            } else {
                b = self.at(b).parent;
            }
        }
        a
    }

    /// Cuts the subtree under `top` off, roots it anew at `inner`, which lies in it, and hangs it up
    /// by `step`.
    pub(super) fn regraft(&mut self, top: u32, inner: u32, step: Step) {
        let (mut node, mut to) = (inner, step);
        loop {
            let old = self.step(node);
            self.unhang(node);
            self.hang(node, to);
            if node == top {
                return;
            }
            to = Step { parent: node, arc: old.arc, up: !old.up };
            node = old.parent;
        }
    }

    /// Visits the subtree under `top`, parents first, and mends its depths on the way.
    pub(super) fn visit(&mut self, top: u32, mut each: impl FnMut(u32)) {
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(top);
        while let Some(node) = stack.pop() {
            let parent = self.at(node).parent;
            if parent != NONE {
                self.at_mut(node).depth = self.at(parent).depth.saturating_add(1);
            }
            each(node);
            let mut child = self.at(node).first_child;
            while child != NONE {
                stack.push(child);
                child = self.at(child).next;
            }
        }
        self.stack = stack;
    }

    fn hang(&mut self, node: u32, step: Step) {
        let sibling = self.at(step.parent).first_child;
        if sibling != NONE {
            self.at_mut(sibling).previous = node;
        }
        self.at_mut(step.parent).first_child = node;
        let place = self.at_mut(node);
        (place.parent, place.arc, place.up) = (step.parent, step.arc, step.up);
        (place.next, place.previous) = (sibling, NONE);
    }

    fn unhang(&mut self, node: u32) {
        let Place { parent, next, previous, .. } = *self.at(node);
        if previous == NONE {
            self.at_mut(parent).first_child = next;
        } else {
            self.at_mut(previous).next = next;
        }
        if next != NONE {
            self.at_mut(next).previous = previous;
        }
    }
}
