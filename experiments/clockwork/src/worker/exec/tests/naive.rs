//! A residual network as its definition reads, one number after another.

use super::bed::Tensors;

/// Channels of rows of columns.
struct Maps {
    n: usize,
    side: usize,
    numbers: Vec<f64>,
}

impl Maps {
    /// What is at a place, and `outside` beyond the edges.
    fn at(&self, channel: usize, row: isize, column: isize, outside: f64) -> f64 {
        let inside = 0..self.side as isize;
        if !inside.contains(&row) || !inside.contains(&column) {
            return outside;
        }
        self.numbers[(channel * self.side + row as usize) * self.side + column as usize]
    }

    /// Maps of which every number is computed from its channel, row and column.
    fn of(n: usize, side: usize, number: impl Fn(usize, isize, isize) -> f64) -> Self {
        let mut numbers = Vec::new();
        for channel in 0..n {
            for row in 0..side as isize {
                for column in 0..side as isize {
                    numbers.push(number(channel, row, column));
                }
            }
        }
        Self { n, side, numbers }
    }

    fn relu(self) -> Self {
        Self { numbers: self.numbers.iter().map(|number| number.max(0.0)).collect(), ..self }
    }

    fn plus(self, other: &Self) -> Self {
        assert_eq!((self.n, self.side), (other.n, other.side));
        let sums = self.numbers.iter().zip(&other.numbers).map(|(one, other)| one + other);
        Self { numbers: sums.collect(), ..self }
    }
}

fn convolved(tensors: &Tensors, name: &str, maps: &Maps, stride: usize) -> Maps {
    let (shape, weights) = &tensors[&format!("{name}.weight")];
    let [n_out, n_in, kernel, _] = shape[..] else { panic!("{name} has the shape {shape:?}") };
    assert_eq!(n_in, maps.n);
    let padding = (kernel / 2) as isize;
    let side = (maps.side + 2 * (kernel / 2) - kernel) / stride + 1;
    Maps::of(n_out, side, |channel, row, column| {
        let mut sum = 0.0;
        for from in 0..n_in {
            for down in 0..kernel {
                for right in 0..kernel {
                    let row = row * stride as isize + down as isize - padding;
                    let column = column * stride as isize + right as isize - padding;
                    let weight =
                        weights[((channel * n_in + from) * kernel + down) * kernel + right];
                    sum += f64::from(weight) * maps.at(from, row, column, 0.0);
                }
            }
        }
        sum
    })
}

fn normalised(tensors: &Tensors, name: &str, maps: &Maps) -> Maps {
    let of = |what: &str, channel: usize| f64::from(tensors[&format!("{name}.{what}")].1[channel]);
    Maps::of(maps.n, maps.side, |channel, row, column| {
        let centred = maps.at(channel, row, column, f64::NAN) - of("running_mean", channel);
        let deviation = (of("running_var", channel) + 1e-5).sqrt();
        centred / deviation * of("weight", channel) + of("bias", channel)
    })
}

fn pooled(maps: &Maps) -> Maps {
    Maps::of(maps.n, (maps.side + 2 - 3) / 2 + 1, |channel, row, column| {
        let window = (0..9).map(|index| (2 * row + index / 3 - 1, 2 * column + index % 3 - 1));
        window
            .map(|(row, column)| maps.at(channel, row, column, f64::NEG_INFINITY))
            .fold(f64::NEG_INFINITY, f64::max)
    })
}

fn block(tensors: &Tensors, name: &str, maps: &Maps, stride: usize) -> Maps {
    let is_bottleneck = tensors.contains_key(&format!("{name}.conv3.weight"));
    let step = |index: usize, maps: &Maps, stride| {
        let convolved = convolved(tensors, &format!("{name}.conv{index}"), maps, stride);
        normalised(tensors, &format!("{name}.bn{index}"), &convolved)
    };
    let sum = if is_bottleneck {
        let narrow = step(1, maps, 1).relu();
        step(3, &step(2, &narrow, stride).relu(), 1)
    } else {
        step(2, &step(1, maps, stride).relu(), 1)
    };
    let shortcut = format!("{name}.downsample.0");
    if !tensors.contains_key(&format!("{shortcut}.weight")) {
        return sum.plus(maps).relu();
    }
    let shortcut = convolved(tensors, &shortcut, maps, stride);
    sum.plus(&normalised(tensors, &format!("{name}.downsample.1"), &shortcut)).relu()
}

/// The logits of one input.
pub(super) fn logits(tensors: &Tensors, side: usize, input: &[f32]) -> Vec<f64> {
    let numbers = input.iter().map(|number| f64::from(*number)).collect();
    let stem = convolved(tensors, "conv1", &Maps { n: 3, side, numbers }, 2);
    let mut maps = pooled(&normalised(tensors, "bn1", &stem).relu());
    for stage in 1.. {
        if !tensors.contains_key(&format!("layer{stage}.0.conv1.weight")) {
            break;
        }
        for index in 0.. {
            let name = format!("layer{stage}.{index}");
            if !tensors.contains_key(&format!("{name}.conv1.weight")) {
                break;
            }
            let stride = if stage > 1 && index == 0 { 2 } else { 1 };
            maps = block(tensors, &name, &maps, stride);
        }
    }
    let n_each = maps.side * maps.side;
    let means = maps.numbers.chunks(n_each).map(|map| map.iter().sum::<f64>() / n_each as f64);
    let means: Vec<f64> = means.collect();
    let (rows, biases) = (&tensors["fc.weight"].1, &tensors["fc.bias"].1);
    let products = rows.chunks(means.len()).map(|row| {
        row.iter().zip(&means).map(|(weight, mean)| f64::from(*weight) * mean).sum::<f64>()
    });
    products.zip(biases).map(|(product, bias)| product + f64::from(*bias)).collect()
}
