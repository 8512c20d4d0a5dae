//! A node of the graph, with its attributes and what messages call it.

use std::fmt::Debug;

use super::schema::{self, Attribute};
use crate::{
    ModelError,
    error::{different, malformed},
};

/// A node and where it is in the file.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) node: &'a schema::Node,
    pub(super) position: usize,
}

impl<'a> Node<'a> {
    /// Its operator, with the domain if that is not ONNX's.
    pub(super) fn operator(&self) -> String {
        let schema::Node { operator, domain, .. } = self.node;
        if is_own(domain) { operator.clone() } else { format!("{domain}.{operator}") }
    }

    /// Whether it is one of these of ONNX's operators.
    pub(super) fn is(&self, operators: &[&str]) -> bool {
        is_own(&self.node.domain) && operators.contains(&self.node.operator.as_str())
    }

    /// What messages call it.
    pub(super) fn name(&self) -> String {
        let (position, operator) = (self.position, self.operator());
        if self.node.name.is_empty() {
            format!("node {position}, {operator}")
        } else {
            format!("node {position}, {operator} `{}`", self.node.name)
        }
    }

    /// Its input of that number, if it is not left out.
    pub(super) fn input(&self, n: usize) -> Option<&'a str> {
        self.node.inputs.get(n).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Its first output; what is read has one, or others that only training needs.
    pub(super) fn output(&self) -> Result<&'a str, ModelError> {
        let output = self.node.outputs.first();
        let output = output.ok_or_else(|| malformed(&format!("{} has no output", self.name())))?;
        Ok(output)
    }

    /// Refuses another operator.
    pub(super) fn expect(&self, operators: &[&str]) -> Result<(), ModelError> {
        if self.is(operators) {
            return Ok(());
        }
        let place = format!("node {}", self.position);
        Err(different(&place, &operators.join(" or "), &self.operator()))
    }

    /// An attribute; `default` if it is absent.
    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.int)
    }

    /// As [`Node::int`].
    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |attribute| attribute.float)
    }

    /// An attribute of several integers.
    pub(super) fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name).map(|attribute| attribute.ints.as_slice())
    }

    /// As [`Node::int`].
    pub(super) fn text(&self, name: &str, default: &'static str) -> String {
        self.attribute(name).map_or(default.to_owned(), |attribute| {
            String::from_utf8_lossy(&attribute.string).into_owned()
        })
    }

    /// Refuses an attribute of another value; one that is absent has `default`.
    pub(super) fn expect_ints(
        &self,
        name: &str,
        default: &[i64],
        expected: &[i64],
    ) -> Result<(), ModelError> {
        self.expect_equal(name, &self.ints(name).unwrap_or(default), &expected)
    }

    /// As [`Node::expect_ints`], of an attribute that is one integer.
    pub(super) fn expect_int(
        &self,
        name: &str,
        default: i64,
        expected: i64,
    ) -> Result<(), ModelError> {
        self.expect_equal(name, &self.int(name, default), &expected)
    }

    /// Refuses another value of what messages call `what`.
    pub(super) fn expect_equal<T: PartialEq + Debug>(
        &self,
        what: &str,
        found: &T,
        expected: &T,
    ) -> Result<(), ModelError> {
        if found == expected {
            return Ok(());
        }
        let place = format!("{what} of {}", self.name());
        Err(different(&place, &format!("{expected:?}"), &format!("{found:?}")))
    }

    /// The attribute of that name.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a Attribute> {
        self.node.attributes.iter().find(|attribute| attribute.name == name)
    }
}

/// Whether a domain is that of ONNX's own operators.
pub(super) fn is_own(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}
