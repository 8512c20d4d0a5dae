//! Operators that give numbers another shape. After the mean, where all but one
//! size are 1, none of them changes the order of the numbers.

use super::{node::Node, walk::Walk};
use crate::ModelError;

/// The operators of that kind.
const OPERATORS: [&str; 5] = ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"];

impl Walk<'_> {
    /// Takes all that rearranges, once there is but one size that is not 1.
    pub(super) fn take_rearrangements(&mut self) -> Result<(), ModelError> {
        while let Some(node) = self.take(&OPERATORS)? {
            let shape = match self.shape.take() {
                Some(shape) => self.rearranged(&node, &shape)?,
                None => None,
            };
            let n_numbers = self.n_numbers;
            if let Some(shape) = &shape {
                let product = shape.iter().try_fold(1_usize, |product, n| product.checked_mul(*n));
                node.expect_equal("count of numbers", &product.unwrap_or_default(), &n_numbers)?;
            }
            self.shape = shape;
        }
        Ok(())
    }

    /// The shape after a node; nothing, if the file leaves it open.
    fn rearranged(
        &self,
        node: &Node<'_>,
        shape: &[usize],
    ) -> Result<Option<Vec<usize>>, ModelError> {
        Ok(match node.node.operator.as_str() {
            "Flatten" => {
                let axis = axis(node.int("axis", 1), shape.len());
                axis.map(|at| vec![shape[..at].iter().product(), shape[at..].iter().product()])
            }
            "Squeeze" => self.axes(node)?.map_or_else(
                || Some(shape.iter().copied().filter(|size| *size != 1).collect()),
                |axes| squeezed(shape, &axes),
            ),
            "Unsqueeze" => self.axes(node)?.and_then(|axes| unsqueezed(shape, &axes)),
            "Transpose" => {
                let reversed: Vec<_> = (0..shape.len() as i64).rev().collect();
                let order = node.ints("perm").unwrap_or(&reversed).iter();
                order.map(|from| shape.get(usize::try_from(*from).ok()?).copied()).collect()
            }
            _ => match self.graph.constant(node, 1) {
                Some(sizes) if node.int("allowzero", 0) == 0 => reshaped(shape, &sizes.integers()?),
                _ => None,
            },
        })
    }

    /// Axes from an attribute, or since version 13 from an input.
    pub(super) fn axes(&self, node: &Node<'_>) -> Result<Option<Vec<i64>>, ModelError> {
        if let Some(axes) = node.ints("axes") {
            return Ok(Some(axes.to_vec()));
        }
        if node.input(1).is_none() {
            return Ok(None);
        }
        self.graph.needed(node, 1)?.integers().map(Some)
    }
}

/// An axis counted from the front. Flatten's may be after the last.
pub(super) fn axis(axis: i64, n_axes: usize) -> Option<usize> {
    let from_front = if axis < 0 { axis.checked_add_unsigned(n_axes as u64)? } else { axis };
    usize::try_from(from_front).ok().filter(|axis| *axis <= n_axes)
}

fn squeezed(shape: &[usize], axes: &[i64]) -> Option<Vec<usize>> {
    let axes: Option<Vec<_>> = axes.iter().map(|at| axis(*at, shape.len())).collect();
    let axes = axes?;
    let rest = shape.iter().enumerate().filter(|(at, _)| !axes.contains(at));
    Some(rest.map(|(_, size)| *size).collect())
}

fn unsqueezed(shape: &[usize], axes: &[i64]) -> Option<Vec<usize>> {
    let n_axes = shape.len() + axes.len();
    let axes: Option<Vec<_>> = axes.iter().map(|at| axis(*at, n_axes)).collect();
    let axes = axes?;
    let mut old = shape.iter().copied();
    (0..n_axes).map(|at| if axes.contains(&at) { Some(1) } else { old.next() }).collect()
}

/// In `sizes`, 0 copies the size that was there, and one -1 is what is left.
fn reshaped(shape: &[usize], sizes: &[i64]) -> Option<Vec<usize>> {
    let known = |(at, size): (usize, &i64)| match *size {
        0 => shape.get(at).copied(),
        -1 => Some(1),
        size => usize::try_from(size).ok(),
    };
    let mut made = sizes.iter().enumerate().map(known).collect::<Option<Vec<_>>>()?;
    if let Some(open) = sizes.iter().position(|size| *size == -1) {
        let product = made.iter().try_fold(1_usize, |product, size| product.checked_mul(*size))?;
        made[open] = shape.iter().product::<usize>().checked_div(product)?;
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_count_from_the_front_or_the_back() {
        let of_four = [0, 4, -1, -4, 5, -5].map(|at| axis(at, 4));
        assert_eq!(of_four, [Some(0), Some(4), Some(3), Some(0), None, None]);
    }

    #[test]
    fn a_reshape_copies_and_fills_sizes() {
        let made = |sizes: &[i64]| reshaped(&[1, 1024, 1, 1], sizes);
        assert_eq!(made(&[0, -1]), Some(vec![1, 1024]));
        assert_eq!(made(&[-1, 1, 1, 1024]), Some(vec![1, 1, 1, 1024]));
        assert_eq!(made(&[1024]), Some(vec![1024]));
        assert_eq!(made(&[1, -2]), None);
    }

    #[test]
    fn sizes_of_1_come_and_go() {
        assert_eq!(squeezed(&[1, 5, 1, 1], &[2, -1]), Some(vec![1, 5]));
        assert_eq!(unsqueezed(&[1, 5], &[-2, 3]), Some(vec![1, 5, 1, 1]));
        assert_eq!(unsqueezed(&[1, 5], &[7]), None);
    }
}
