//! Images: a generated one, and how a network sees one.

use crate::random::Random;

const HEAD_BYTES: usize = 54;
/// The size of a V5 head, which `grace_hopper.bmp` of TensorFlow's example has.
const V5_HEAD_BYTES: usize = 138;
const NOISE: f64 = 12.0;

/// A BMP file of 24 bits per pixel: gradients with noise, the same for the
/// same seed. With 517 by 606 pixels it has the 940,650 bytes of TensorFlow's
/// example image.
#[must_use]
pub fn generate_bitmap(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let row_bytes = row_bytes(width as usize);
    let len_bytes = V5_HEAD_BYTES + row_bytes * height as usize;
    let mut file = vec![0; len_bytes];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"BM");
    put(2, &(len_bytes as u32).to_le_bytes());
    put(10, &(V5_HEAD_BYTES as u32).to_le_bytes());
    put(14, &(V5_HEAD_BYTES as u32 - 14).to_le_bytes());
    put(18, &width.to_le_bytes());
    put(22, &height.to_le_bytes());
    put(26, &[1, 0, 24, 0]);
    let mut random = Random::new(seed);
    for (y, row) in file[V5_HEAD_BYTES..].chunks_exact_mut(row_bytes).enumerate() {
        let down = y as f64 / f64::from(height);
        for (x, pixel) in row.chunks_exact_mut(3).take(width as usize).enumerate() {
            let across = x as f64 / f64::from(width);
            let colours = [down, across, (1.0 - down) * across];
            let noisy = colours.map(|colour| 255.0 * colour + NOISE * random.normal());
            pixel.copy_from_slice(&noisy.map(|colour| colour.clamp(0.0, 255.0) as u8));
        }
    }
    file
}

/// The pixels of a BMP file of 24 bits per pixel.
#[derive(Debug, Clone, Copy)]
pub struct Bitmap<'a> {
    width: usize,
    height: usize,
    /// From the lowest, each of blue, green, red, filled up to 4 bytes.
    rows: &'a [u8],
}

impl<'a> Bitmap<'a> {
    /// Reads a file as [`generate_bitmap`] makes them: uncompressed, the lowest
    /// row first. Nothing, if it is none.
    #[must_use]
    pub fn parse(file: &'a [u8]) -> Option<Self> {
        let word = |at: usize| {
            let bytes = file.get(at..at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
        };
        let is_plain = file.starts_with(b"BM") && file.get(28..34)? == [24, 0, 0, 0, 0, 0];
        let (width, height) = (word(18)?, word(22)?);
        let rows = file.get(word(10)?.max(HEAD_BYTES)..)?.get(..row_bytes(width) * height)?;
        is_plain.then_some(Self { width, height, rows })
    }

    /// The image as a network of this side reads it: scaled bilinearly, its
    /// corners not aligned, from -1 to 1.
    #[must_use]
    pub fn to_input(&self, side: usize) -> Vec<f64> {
        let mut input = Vec::with_capacity(3 * side * side);
        for y in 0..side {
            for x in 0..side {
                let y = y as f64 * self.height as f64 / side as f64;
                let x = x as f64 * self.width as f64 / side as f64;
                input.extend([0, 1, 2].map(|colour| self.between(y, x, colour) / 127.5 - 1.0));
            }
        }
        input
    }

    fn between(&self, y: f64, x: f64, colour: usize) -> f64 {
        let line = |y: f64| {
            let (left, right) = (self.at(y, x, colour), self.at(y, x + 1.0, colour));
            left * (1.0 - x.fract()) + right * x.fract()
        };
        line(y) * (1.0 - y.fract()) + line(y + 1.0) * y.fract()
    }

    /// Colour 0 is red. What lies behind the last pixel is as the last.
    fn at(&self, y: f64, x: f64, colour: usize) -> f64 {
        let y = (y as usize).min(self.height - 1);
        let x = (x as usize).min(self.width - 1);
        let row = self.height - 1 - y;
        f64::from(self.rows[row * row_bytes(self.width) + 3 * x + 2 - colour])
    }
}

fn row_bytes(width: usize) -> usize {
    (3 * width).next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_image_has_the_size_of_tensorflows() {
        assert_eq!(generate_bitmap(517, 606, 1).len(), 940_650);
    }

    #[test]
    fn an_image_is_seen_from_the_top_with_red_first() {
        let mut file = generate_bitmap(2, 2, 1);
        let lower_line = [0, 0, 0, 0, 0, 0, 9, 9];
        let red_and_blue = [0, 0, 255, 255, 0, 0, 9, 9];
        file[V5_HEAD_BYTES..].copy_from_slice(&[lower_line, red_and_blue].concat());
        let bitmap = Bitmap::parse(&file).unwrap();
        assert_eq!(bitmap.to_input(2)[..6], [1.0, -1.0, -1.0, -1.0, -1.0, 1.0]);
        assert_eq!(bitmap.to_input(4)[3..6], [0.0, -1.0, 0.0]);
        assert!(Bitmap::parse(&file[1..]).is_none() && Bitmap::parse(&file[..150]).is_none());
    }
}
