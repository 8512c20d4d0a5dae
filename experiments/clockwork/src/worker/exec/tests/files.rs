//! Weights of files, and what is said of files that have none.

use std::collections::BTreeMap;

use safetensors::{Dtype, tensor::TensorView};

use super::bed::{BASIC, Tensors, bytes, generated};
use crate::worker::exec::Image;

/// A file of these tensors, and of one that no network asks for, as torchvision's have.
fn file(tensors: &Tensors) -> Vec<u8> {
    let data: BTreeMap<_, _> =
        tensors.iter().map(|(name, (shape, numbers))| (name, (shape, bytes(numbers)))).collect();
    let mut views: Vec<_> = data
        .iter()
        .map(|(name, (shape, data))| {
            (name.as_str(), TensorView::new(Dtype::F32, shape.to_vec(), data).unwrap())
        })
        .collect();
    let count = 7_u64.to_le_bytes();
    let count = TensorView::new(Dtype::I64, Vec::new(), &count).unwrap();
    views.push(("bn1.num_batches_tracked", count));
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn weights_are_read_from_a_file() {
    let (image, tensors) = generated(BASIC, 3);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny.safetensors");
    std::fs::write(&path, file(&tensors)).unwrap();
    assert_eq!(Image::read(BASIC, &path).unwrap(), image);
}

#[test]
fn a_seed_fixes_the_weights() {
    assert_eq!(Image::generate(BASIC, 3), generated(BASIC, 3).0);
    assert_ne!(Image::generate(BASIC, 3), Image::generate(BASIC, 4));
}

/// What is said of a file after its tensors were changed.
fn refused(change: impl FnOnce(&mut Tensors)) -> String {
    let (_, mut tensors) = generated(BASIC, 3);
    change(&mut tensors);
    Image::parse(BASIC, &file(&tensors)).unwrap_err().to_string()
}

#[test]
fn a_file_of_another_network_is_refused() {
    let missing = refused(|tensors| _ = tensors.remove("layer2.0.bn1.running_mean"));
    insta::assert_snapshot!(missing, @"
    no tensor `layer2.0.bn1.running_mean`
    (hint: they must have torchvision's names)
    ");
    let reshaped = refused(|tensors| tensors.get_mut("fc.weight").unwrap().0.swap(0, 1));
    insta::assert_snapshot!(reshaped, @"
    tensor `fc.weight` has the shape [16, 5], not [5, 16]
    (hint: is it another network's?)
    ");
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let negative = refused(|tensors| tensors.get_mut("bn1.running_var").unwrap().1[0] = -1.0);
    insta::assert_snapshot!(negative, @"
    a weight is no finite number
    (hint: is a variance negative?)
    ");
}

#[test]
fn tensors_of_other_numbers_are_refused() {
    let halves = [0_u8; 2 * 4 * 3 * 49];
    let view = TensorView::new(Dtype::F16, vec![4, 3, 7, 7], &halves).unwrap();
    let file = safetensors::serialize([("conv1.weight", view)], None).unwrap();
    insta::assert_snapshot!(Image::parse(BASIC, &file).unwrap_err(), @"
    tensor `conv1.weight` is of F16
    (hint: only numbers of 32 bits, F32, are read)
    ");
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let whole = file(&generated(BASIC, 3).1);
    for length in [0, 7, 100, whole.len() - 1] {
        let error = Image::parse(BASIC, &whole[..length]).unwrap_err();
        assert_eq!(error.to_string(), "not a file of safetensors\n(hint: is it whole?)");
    }
    let missing = Image::read(BASIC, "/nowhere/tiny.safetensors".as_ref()).unwrap_err();
    assert_eq!(missing.to_string(), "read weights of tiny from /nowhere/tiny.safetensors");
}
