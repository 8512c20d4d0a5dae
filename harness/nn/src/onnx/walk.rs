//! The way through a graph from the image on, one node at a time.

use super::{graph::Graph, node::Node};
use crate::{
    ModelError,
    error::{different, malformed},
};

/// These read two tensors in either order; all others read theirs first.
const SYMMETRIC: [&str; 4] = ["Add", "Mul", "Min", "Max"];

/// What was made so far.
pub(super) struct Walk<'a> {
    pub(super) graph: Graph<'a>,
    /// The tensor's name.
    at: &'a str,
    /// The position of the node that made it.
    position: Option<usize>,
    /// What messages call that node.
    pub(super) last: String,
    /// Its shape, if the file says it.
    pub(super) shape: Option<Vec<usize>>,
    /// How many numbers it has.
    pub(super) n_numbers: usize,
}

impl<'a> Walk<'a> {
    /// Starts at the image, whose channels come before or after its pixels.
    pub(super) fn new(graph: Graph<'a>) -> Result<Self, ModelError> {
        let (at, shape) = graph.image()?;
        let last = "the image".to_owned();
        let mut walk =
            Self { graph, at, position: None, last, shape: Some(shape.clone()), n_numbers: 0 };
        if let (Some(node), [n, lines, columns, channels]) =
            (walk.take(&["Transpose"])?, shape.as_slice())
        {
            node.expect_ints("perm", &[3, 2, 1, 0], &[0, 3, 1, 2])?;
            walk.shape = Some([n, channels, lines, columns].map(|size| *size).to_vec());
        }
        Ok(walk)
    }

    /// Takes the next node if it is one of these.
    pub(super) fn take(&mut self, operators: &[&str]) -> Result<Option<Node<'a>>, ModelError> {
        let Some(node) = self.peek()?.filter(|node| node.is(operators)) else { return Ok(None) };
        self.advance(&node)?;
        Ok(Some(node))
    }

    /// Takes the next node, which must be one of these.
    pub(super) fn follow(&mut self, operators: &[&str]) -> Result<Node<'a>, ModelError> {
        let Some(node) = self.peek()? else {
            let place = format!("nothing after {}", self.last);
            return Err(different(&place, &operators.join(" or "), "its end"));
        };
        node.expect(operators)?;
        self.advance(&node)?;
        Ok(node)
    }

    /// Refuses a graph that goes on before it has an output.
    pub(super) fn expect_end(&mut self) -> Result<(), ModelError> {
        if self.is_end() {
            return Ok(());
        }
        match self.peek()? {
            _ if self.is_end() => Ok(()),
            Some(node) => node.expect(&["the end"]),
            None => Err(malformed(&format!("what {} makes is no output", self.last))),
        }
    }

    /// Whether the tensor is an output of the graph.
    fn is_end(&self) -> bool {
        self.graph.is_output(self.at)
    }

    /// Records what a node made of the tensor.
    pub(super) fn made(&mut self, shape: Vec<usize>) {
        self.n_numbers = shape.iter().product();
        self.shape = Some(shape);
    }

    /// Refuses to go on with a tensor of another shape.
    pub(super) fn expect_shape(
        &self,
        node: &Node<'_>,
        expected: &[usize],
    ) -> Result<(), ModelError> {
        let shape = self.shape.as_deref().unwrap_or_default();
        node.expect_equal("shape of the input", &shape, &expected)
    }

    /// The next node that does more than copy; nothing after the last.
    pub(super) fn peek(&mut self) -> Result<Option<Node<'a>>, ModelError> {
        loop {
            let readers = self.graph.readers(self.at);
            let node = match readers[..] {
                [] => return Ok(None),
                [node] => node,
                _ => {
                    let place = format!("count of nodes that read what {} makes", self.last);
                    return Err(different(&place, "1", &readers.len().to_string()));
                }
            };
            // The third input of a Dropout says whether to train.
            let is_plain_dropout = node.is(&["Dropout"]) && node.input(2).is_none();
            if !node.is(&["Identity"]) && !is_plain_dropout {
                return Ok(Some(node));
            }
            if self.is_end() {
                return Ok(None);
            }
            self.advance(&node)?;
        }
    }

    fn advance(&mut self, node: &Node<'a>) -> Result<(), ModelError> {
        if self.position.is_some_and(|position| node.position <= position) {
            return Err(malformed(&format!("{} comes before {}", node.name(), self.last)));
        }
        if !node.is(&SYMMETRIC) {
            node.expect_equal("first input", &node.input(0).unwrap_or_default(), &self.at)?;
        }
        self.at = node.output()?;
        self.position = Some(node.position);
        self.last = node.name();
        Ok(())
    }
}
